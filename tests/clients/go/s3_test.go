package clients

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

const mib = 1 << 20

func must[T any](t *testing.T, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func bucketOf(t *testing.T, client *s3.Client, name string) *string {
	ctx := context.Background()
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	must(t, 0, err)
	t.Cleanup(func() {
		pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &name, MaxKeys: aws.Int32(3)})
		for pages.HasMorePages() {
			got, err := pages.NextPage(ctx)
			must(t, 0, err)
			var ids []types.ObjectIdentifier
			for _, row := range got.Versions {
				ids = append(ids, types.ObjectIdentifier{Key: row.Key, VersionId: row.VersionId})
			}
			for _, row := range got.DeleteMarkers {
				ids = append(ids, types.ObjectIdentifier{Key: row.Key, VersionId: row.VersionId})
			}
			if len(ids) > 0 {
				_, err = client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &name, Delete: &types.Delete{Objects: ids}})
				must(t, 0, err)
			}
		}
		_, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
		must(t, 0, err)
	})
	return &name
}

func newS3() *s3.Client {
	return s3.NewFromConfig(settings(), func(options *s3.Options) { options.UsePathStyle = true })
}

// The transfer manager: 64 MiB in parts of 8, up from a stream and down in ranges.
func TestTransferManager(t *testing.T) {
	ctx, client := context.Background(), newS3()
	bucket := bucketOf(t, client, "go-transfer")
	body := make([]byte, 64*mib)
	rand.Read(body)
	uploader := manager.NewUploader(client, func(u *manager.Uploader) { u.PartSize, u.Concurrency = 8*mib, 4 })
	// A stream that can't be rewound, as from a pipe.
	up, err := uploader.Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("big"), Body: io.MultiReader(bytes.NewReader(body)), Metadata: map[string]string{"from": "go"}})
	must(t, 0, err)
	var digests []byte
	for at := 0; at < len(body); at += 8 * mib {
		digest := md5.Sum(body[at : at+8*mib])
		digests = append(digests, digest[:]...)
	}
	digest := md5.Sum(digests)
	if want := fmt.Sprintf("%q", hex.EncodeToString(digest[:])+"-8"); *up.ETag != want {
		t.Fatalf("ETag %s, not %s", *up.ETag, want)
	}
	got := manager.NewWriteAtBuffer(make([]byte, 0, len(body)))
	downloader := manager.NewDownloader(client, func(d *manager.Downloader) { d.PartSize, d.Concurrency = 5*mib, 8 })
	size, err := downloader.Download(ctx, got, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("big")})
	if must(t, size, err) != int64(len(body)) || !bytes.Equal(got.Bytes(), body) {
		t.Fatal("what came back is not what was sent")
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("big"), ChecksumMode: types.ChecksumModeEnabled})
	if must(t, head, err); head.Metadata["from"] != "go" || head.ChecksumType == "" {
		t.Fatalf("head: %+v", head)
	}
}

// Versions, conditions, tags, typed errors, waiters and pages.
func TestObjects(t *testing.T) {
	ctx, client := context.Background(), newS3()
	bucket := bucketOf(t, client, "go-objects")
	_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	must(t, 0, err)
	key := aws.String("dir/ü +&.txt")
	first, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("one"), Tagging: aws.String("a=b")})
	must(t, 0, err)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("two"), IfMatch: first.ETag})
	must(t, 0, err)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "PreconditionFailed" {
		t.Fatalf("not refused as AWS does: %v", err)
	}
	old, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: first.VersionId})
	if text, _ := io.ReadAll(must(t, old, err).Body); string(text) != "one" || *old.TagCount != 1 {
		t.Fatalf("old version: %s", text)
	}
	for i := range 7 {
		_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String(fmt.Sprintf("page/%d", i)), Body: strings.NewReader("")})
		must(t, 0, err)
	}
	var seen, prefixes int
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("page/"), MaxKeys: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		seen += len(must(t, page, err).Contents)
	}
	tops, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Delimiter: aws.String("/")})
	if prefixes = len(must(t, tops, err).CommonPrefixes); seen != 7 || prefixes != 2 {
		t.Fatalf("%d keys, %d prefixes", seen, prefixes)
	}
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key})
	must(t, 0, err)
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	var missing *types.NoSuchKey
	if !errors.As(err, &missing) {
		t.Fatalf("not NoSuchKey: %v", err)
	}
	must(t, 0, s3.NewObjectNotExistsWaiter(client).Wait(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key}, 5*time.Second))
}

// URLs that anybody may use.
func TestPresigned(t *testing.T) {
	ctx, client := context.Background(), newS3()
	bucket := bucketOf(t, client, "go-presigned")
	presign := s3.NewPresignClient(client)
	put, err := presign.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), ContentType: aws.String("text/plain")}, s3.WithPresignExpires(time.Minute))
	request := must(t, put, err)
	sent, err := http.NewRequest(request.Method, request.URL, strings.NewReader("by url"))
	must(t, 0, err)
	for name, values := range request.SignedHeader {
		if name != "Host" {
			sent.Header[name] = values
		}
	}
	sent.ContentLength = 6
	answer, err := http.DefaultClient.Do(sent)
	if must(t, answer, err).StatusCode != 200 {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("PUT: %s", text)
	}
	get, err := presign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
	answer, err = http.Get(must(t, get, err).URL)
	if text, _ := io.ReadAll(must(t, answer, err).Body); string(text) != "by url" || answer.Header.Get("Content-Type") != "text/plain" {
		t.Fatalf("GET: %s", text)
	}
	form, err := presign.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("posted")})
	if must(t, form, err).Values["policy"] == "" {
		t.Fatal("no policy")
	}
}
