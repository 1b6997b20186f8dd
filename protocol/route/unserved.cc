#include "protocol/route/unserved.h"

#include <array>

#include "protocol/route/account.h"

namespace cloche::protocol {
namespace {

struct Named {
  std::string_view name, signing_name, endpoint_prefix, target_prefix;
  std::string_view query_version;  // Of those that speak query or ec2: their forms name it.
};

// The services that clients of an emulator ask for most. Source: the metadata of botocore's models.
// One that is not listed is called by what it is signed for. Where two share a signing name, the
// first is meant unless the target tells.
constexpr std::array<Named, 42> kNamed = {{
    {"acm", "acm", "acm", "CertificateManager", ""},
    {"apigateway", "apigateway", "apigateway", "", ""},
    {"autoscaling", "autoscaling", "autoscaling", "", "2011-01-01"},
    {"cloudformation", "cloudformation", "cloudformation", "", "2010-05-15"},
    {"cloudfront", "cloudfront", "cloudfront", "", ""},
    {"cloudwatch", "monitoring", "monitoring", "GraniteServiceVersion20100801", "2010-08-01"},
    {"cognito-idp", "cognito-idp", "cognito-idp", "AWSCognitoIdentityProviderService", ""},
    {"cognito-identity", "cognito-identity", "cognito-identity", "AWSCognitoIdentityService", ""},
    {"config", "config", "config", "StarlingDoveService", ""},
    {"dynamodb", "dynamodb", "dynamodb", "DynamoDB_20120810", ""},
    {"dynamodbstreams", "dynamodb", "streams.dynamodb", "DynamoDBStreams_20120810", ""},
    {"ec2", "ec2", "ec2", "", "2016-11-15"},
    {"ecr", "ecr", "api.ecr", "AmazonEC2ContainerRegistry_V20150921", ""},
    {"ecs", "ecs", "ecs", "AmazonEC2ContainerServiceV20141113", ""},
    {"elasticache", "elasticache", "elasticache", "", "2015-02-02"},
    {"elbv2", "elasticloadbalancing", "elasticloadbalancing", "", "2015-12-01"},
    {"es", "es", "es", "", ""},
    {"events", "events", "events", "AWSEvents", ""},
    {"firehose", "firehose", "firehose", "Firehose_20150804", ""},
    {"glue", "glue", "glue", "AWSGlue", ""},
    {"iam", "iam", "iam", "", "2010-05-08"},
    {"kinesis", "kinesis", "kinesis", "Kinesis_20131202", ""},
    {"kms", "kms", "kms", "TrentService", ""},
    {"lambda", "lambda", "lambda", "", ""},
    {"logs", "logs", "logs", "Logs_20140328", ""},
    {"rds", "rds", "rds", "", "2014-10-31"},
    {"redshift", "redshift", "redshift", "", "2012-12-01"},
    {"resource-groups", "resource-groups", "resource-groups", "", ""},
    {"resourcegroupstaggingapi", "tagging", "tagging", "ResourceGroupsTaggingAPI_20170126", ""},
    {"route53", "route53", "route53", "", ""},
    {"route53resolver", "route53resolver", "route53resolver", "Route53Resolver", ""},
    {"scheduler", "scheduler", "scheduler", "", ""},
    {"secretsmanager", "secretsmanager", "secretsmanager", "secretsmanager", ""},
    {"ses", "ses", "email", "", "2010-12-01"},
    {"sns", "sns", "sns", "", "2010-03-31"},
    {"sqs", "sqs", "sqs", "AmazonSQS", "2012-11-05"},
    {"ssm", "ssm", "ssm", "AmazonSSM", ""},
    {"stepfunctions", "states", "states", "AWSStepFunctions", ""},
    {"sts", "sts", "sts", "", "2011-06-15"},
    {"support", "support", "support", "AWSSupport_20130415", ""},
    {"swf", "swf", "swf", "SimpleWorkflowService", ""},
    {"transcribe", "transcribe", "transcribe", "Transcribe", ""},
}};

// "sqs" of "sqs.us-east-1.amazonaws.com", "iam.amazonaws.com", "sqs.localhost.localstack.cloud".
std::string_view service_of_host(std::string_view host) {
  for (const std::string_view suffix : {".amazonaws.com", ".localhost.localstack.cloud"}) {
    if (!host.ends_with(suffix)) continue;
    host.remove_suffix(suffix.size());
    if (const std::size_t point = host.rfind('.');
        point != std::string_view::npos && is_known_region(host.substr(point + 1)))
      host = host.substr(0, point);
    for (const Named& named : kNamed) {
      if (host == named.endpoint_prefix) return named.name;
    }
  }
  return {};
}

// A bucket may be called "v20180820", but only S3 Control is told an account in a header.
bool means_s3control(const Request& request) {
  return request.path().starts_with("/v20180820/") && request.has_header("x-amz-account-id");
}

bool is_cbor(const Request& request) {
  return request.content_type.find("cbor") != std::string_view::npos ||
         request.header("Smithy-Protocol") == "rpc-v2-cbor";
}

}  // namespace

std::string Unserved::full_name(const Request& request) const {
  std::string out(service);
  if (!operation.empty()) return (out.empty() ? out : out += '.') += operation;
  constexpr std::size_t kPathBytesMax = 200;
  if (!out.empty()) out += ' ';
  return out +=
         std::string(request.method()) + ' ' + std::string(request.path().substr(0, kPathBytesMax));
}

std::string_view service_named_by(const Request& request, const Credential& credential) {
  if (const std::size_t point = request.amz_target.rfind('.'); point != std::string_view::npos) {
    for (const Named& named : kNamed) {
      if (named.target_prefix == request.amz_target.substr(0, point)) return named.name;
    }
  }
  if (means_s3control(request)) return "s3control";
  if (!credential.service.empty()) {
    for (const Named& named : kNamed) {
      if (named.signing_name == credential.service) return named.name;
    }
    return credential.service;
  }
  return service_of_host(request.host());
}

std::string_view query_service_of_version(std::string_view version) {
  for (const Named& named : kNamed) {
    if (!version.empty() && named.query_version == version) return named.name;
  }
  return {};
}

std::string_view operation_named_by(const Request& request) {
  if (!request.amz_target.empty())
    return request.amz_target.substr(request.amz_target.rfind('.') + 1);
  constexpr std::string_view kMarker = "/operation/";
  const std::size_t at = request.path().find(kMarker);
  if (at == std::string_view::npos || !is_cbor(request)) return {};
  return request.path().substr(at + kMarker.size());
}

bool borrows_signature(const Request& request) {
  return request.amz_target.starts_with("DynamoDBStreams_") || means_s3control(request);
}

bool is_form(const Request& request) {
  return equal_ignoring_case(request.content_type.substr(0, 33),
                             "application/x-www-form-urlencoded");
}

Wire wire_by_look(const Request& request, const Credential& credential) {
  if (is_cbor(request)) return Wire::RpcV2Cbor;
  if (!request.amz_target.empty() || request.content_type.starts_with("application/x-amz-json"))
    return Wire::Json;
  const std::string_view service = service_named_by(request, credential);
  const bool s3 = service == "s3" || (service.empty() && request.path() != "/");
  if (!s3 && (is_form(request) || request.query("Action")))
    return service == "ec2" ? Wire::Ec2 : Wire::Query;
  if (s3 || service.empty()) return Wire::RestXml;
  // Rest services with XML whose errors are those of query, not of S3.
  if (service == "s3control" || service == "cloudfront" || service == "route53") return Wire::Query;
  return Wire::RestJson;
}

}  // namespace cloche::protocol
