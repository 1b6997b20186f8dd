package clients

import (
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// What every client needs: the endpoint in ENDPOINT, any credentials.
func settings() aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(os.Getenv("ENDPOINT")),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}
