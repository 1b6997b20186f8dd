package cloche;

import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;

/** What every client needs: the endpoint in ENDPOINT, any credentials. */
final class Settings {
  static final URI ENDPOINT = URI.create(System.getenv("ENDPOINT"));
  static final StaticCredentialsProvider CREDENTIALS = StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));

  static <B extends AwsClientBuilder<B, ?>> B of(B builder) {
    return builder.endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(CREDENTIALS);
  }
}
