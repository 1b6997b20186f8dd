#include "s3/access_rules.h"

#include <algorithm>
#include <array>
#include <vector>

namespace cloche::s3 {
namespace {

using enum Target;
constexpr AclSide kNone = AclSide::None;
constexpr AclSide kOfBucket = AclSide::Bucket;
constexpr AclSide kOfObject = AclSide::Object;

constexpr auto kRules = std::to_array<AccessRule>({
    {"ListBuckets", "s3:ListAllMyBuckets", Service},
    {"ListDirectoryBuckets", "s3express:ListAllMyDirectoryBuckets", Service},
    {"CreateBucket", "s3:CreateBucket", Bucket},
    {"DeleteBucket", "s3:DeleteBucket", Bucket},
    {"HeadBucket", "s3:ListBucket", Bucket, kOfBucket, kRead},
    {"ListObjects", "s3:ListBucket", Bucket, kOfBucket, kRead},
    {"ListObjectsV2", "s3:ListBucket", Bucket, kOfBucket, kRead},
    {"ListObjectVersions", "s3:ListBucketVersions", Bucket, kOfBucket, kRead},
    {"ListMultipartUploads", "s3:ListBucketMultipartUploads", Bucket, kOfBucket, kRead},

    {"GetBucketAcl", "s3:GetBucketAcl", Bucket, kOfBucket, kReadAcp},
    {"PutBucketAcl", "s3:PutBucketAcl", Bucket, kOfBucket, kWriteAcp},
    {"DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls", Bucket},
    {"GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", Bucket},
    {"PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", Bucket},
    {"DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", Bucket},
    {"GetBucketCors", "s3:GetBucketCORS", Bucket},
    {"PutBucketCors", "s3:PutBucketCORS", Bucket},
    {"DeleteBucketCors", "s3:PutBucketCORS", Bucket},
    {"GetBucketEncryption", "s3:GetEncryptionConfiguration", Bucket},
    {"PutBucketEncryption", "s3:PutEncryptionConfiguration", Bucket},
    {"DeleteBucketEncryption", "s3:PutEncryptionConfiguration", Bucket},
    {"GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", Bucket},
    {"PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration", Bucket},
    {"DeleteBucketLifecycle", "s3:PutLifecycleConfiguration", Bucket},
    {"GetBucketReplication", "s3:GetReplicationConfiguration", Bucket},
    {"PutBucketReplication", "s3:PutReplicationConfiguration", Bucket},
    {"DeleteBucketReplication", "s3:PutReplicationConfiguration", Bucket},
    {"DeleteBucketTagging", "s3:PutBucketTagging", Bucket},
    {"GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration", Bucket},
    {"PutBucketAccelerateConfiguration", "s3:PutAccelerateConfiguration", Bucket},
    {"GetBucketNotificationConfiguration", "s3:GetBucketNotification", Bucket},
    {"PutBucketNotificationConfiguration", "s3:PutBucketNotification", Bucket},
    {"GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", Bucket},
    {"PutObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration", Bucket},
    {"GetBucketAnalyticsConfiguration", "s3:GetAnalyticsConfiguration", Bucket},
    {"ListBucketAnalyticsConfigurations", "s3:GetAnalyticsConfiguration", Bucket},
    {"PutBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration", Bucket},
    {"DeleteBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration", Bucket},
    {"GetBucketInventoryConfiguration", "s3:GetInventoryConfiguration", Bucket},
    {"ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration", Bucket},
    {"PutBucketInventoryConfiguration", "s3:PutInventoryConfiguration", Bucket},
    {"DeleteBucketInventoryConfiguration", "s3:PutInventoryConfiguration", Bucket},
    {"GetBucketMetricsConfiguration", "s3:GetMetricsConfiguration", Bucket},
    {"ListBucketMetricsConfigurations", "s3:GetMetricsConfiguration", Bucket},
    {"PutBucketMetricsConfiguration", "s3:PutMetricsConfiguration", Bucket},
    {"DeleteBucketMetricsConfiguration", "s3:PutMetricsConfiguration", Bucket},
    {"GetBucketIntelligentTieringConfiguration", "s3:GetIntelligentTieringConfiguration", Bucket},
    {"ListBucketIntelligentTieringConfigurations", "s3:GetIntelligentTieringConfiguration", Bucket},
    {"PutBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration", Bucket},
    {"DeleteBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration",
     Bucket},
    {"CreateBucketMetadataConfiguration", "s3:CreateBucketMetadataTableConfiguration", Bucket},
    {"GetBucketMetadataConfiguration", "s3:GetBucketMetadataTableConfiguration", Bucket},
    {"DeleteBucketMetadataConfiguration", "s3:DeleteBucketMetadataTableConfiguration", Bucket},
    {"CreateBucketMetadataTableConfiguration", "s3:CreateBucketMetadataTableConfiguration", Bucket},
    {"GetBucketMetadataTableConfiguration", "s3:GetBucketMetadataTableConfiguration", Bucket},
    {"DeleteBucketMetadataTableConfiguration", "s3:DeleteBucketMetadataTableConfiguration", Bucket},
    {"UpdateBucketMetadataInventoryTableConfiguration",
     "s3:UpdateBucketMetadataInventoryTableConfiguration", Bucket},
    {"UpdateBucketMetadataJournalTableConfiguration",
     "s3:UpdateBucketMetadataJournalTableConfiguration", Bucket},

    {"GetObject", "s3:GetObject", Object, kOfObject, kRead, "s3:GetObjectVersion"},
    {"HeadObject", "s3:GetObject", Object, kOfObject, kRead, "s3:GetObjectVersion"},
    {"SelectObjectContent", "s3:GetObject", Object, kOfObject, kRead},
    {"GetObjectTorrent", "s3:GetObject", Object, kOfObject, kRead, "s3:GetObjectVersionTorrent"},
    {"GetObjectAttributes", "s3:GetObjectAttributes", Object, kOfObject, kRead,
     "s3:GetObjectVersionAttributes"},
    {"GetObjectAcl", "s3:GetObjectAcl", Object, kOfObject, kReadAcp, "s3:GetObjectVersionAcl"},
    {"PutObjectAcl", "s3:PutObjectAcl", Object, kOfObject, kWriteAcp, "s3:PutObjectVersionAcl"},
    {"GetObjectTagging", "s3:GetObjectTagging", Object, kNone, 0, "s3:GetObjectVersionTagging"},
    {"PutObjectTagging", "s3:PutObjectTagging", Object, kNone, 0, "s3:PutObjectVersionTagging"},
    {"DeleteObjectTagging", "s3:DeleteObjectTagging", Object, kNone, 0,
     "s3:DeleteObjectVersionTagging"},
    {"GetObjectRetention", "s3:GetObjectRetention", Object},
    {"PutObjectRetention", "s3:PutObjectRetention", Object},
    {"GetObjectLegalHold", "s3:GetObjectLegalHold", Object},
    {"PutObjectLegalHold", "s3:PutObjectLegalHold", Object},
    {"RestoreObject", "s3:RestoreObject", Object},
    {"UpdateObjectEncryption", "s3:UpdateObjectEncryption", Object},
    {"RenameObject", "s3:PutObject", Object},

    {"PutObject", "s3:PutObject", Object, kOfBucket, kWrite},
    {"PostObject", "s3:PutObject", Object, kOfBucket, kWrite},
    {"CopyObject", "s3:PutObject", Object, kOfBucket, kWrite},
    {"CreateMultipartUpload", "s3:PutObject", Object, kOfBucket, kWrite},
    {"UploadPart", "s3:PutObject", Object, kOfBucket, kWrite},
    {"UploadPartCopy", "s3:PutObject", Object, kOfBucket, kWrite},
    {"CompleteMultipartUpload", "s3:PutObject", Object, kOfBucket, kWrite},
    {"AbortMultipartUpload", "s3:AbortMultipartUpload", Object, kOfBucket, kWrite},
    {"ListParts", "s3:ListMultipartUploadParts", Object, kOfBucket, kWrite},
    {"DeleteObject", "s3:DeleteObject", Object, kOfBucket, kWrite, "s3:DeleteObjectVersion"},
});

// Named in policies, and not by an operation of their own above or by the operation's name.
constexpr auto kOtherActions = std::to_array<KnownAction>({
    {"s3:BypassGovernanceRetention", Object},
    {"s3:ReplicateObject", Object},
    {"s3:ReplicateDelete", Object},
    {"s3:ReplicateTags", Object},
    {"s3:ObjectOwnerOverrideToBucketOwner", Object},
    {"s3:GetObjectVersionForReplication", Object},
    {"s3:InitiateReplication", Object},
    {"s3:PutBucketVersioning", Bucket},
    {"s3:GetBucketVersioning", Bucket},
    {"s3:GetBucketLocation", Bucket},
    {"s3:GetBucketLogging", Bucket},
    {"s3:PutBucketLogging", Bucket},
    {"s3:GetBucketPolicy", Bucket},
    {"s3:PutBucketPolicy", Bucket},
    {"s3:DeleteBucketPolicy", Bucket},
    {"s3:GetBucketPolicyStatus", Bucket},
    {"s3:GetBucketTagging", Bucket},
    {"s3:PutBucketTagging", Bucket},
    {"s3:GetBucketWebsite", Bucket},
    {"s3:PutBucketWebsite", Bucket},
    {"s3:DeleteBucketWebsite", Bucket},
    {"s3:GetBucketRequestPayment", Bucket},
    {"s3:PutBucketRequestPayment", Bucket},
    {"s3:GetBucketOwnershipControls", Bucket},
    {"s3:GetBucketAbac", Bucket},
    {"s3:PutBucketAbac", Bucket},
    {"s3:TagResource", Bucket},
    {"s3:UntagResource", Bucket},
    {"s3:ListTagsForResource", Bucket},
    {"s3:CreateSession", Bucket},
});

}  // namespace

std::span<const AccessRule> access_rules() { return kRules; }

const AccessRule* rule_of(std::string_view operation) {
  const auto found = std::ranges::find(kRules, operation, &AccessRule::operation);
  return found == kRules.end() ? nullptr : &*found;
}

std::span<const KnownAction> known_actions() {
  static const std::vector<KnownAction> all = [] {
    std::vector<KnownAction> out(kOtherActions.begin(), kOtherActions.end());
    for (const AccessRule& rule : kRules) {
      for (const std::string_view action : {rule.action, rule.version_action}) {
        if (!action.empty() && rule.target != Service) out.push_back({action, rule.target});
      }
    }
    return out;
  }();
  return all;
}

}  // namespace cloche::s3
