// Bodies of requests and answers, in all framings and at all speeds.
#include "protocol/http/server_test.h"

namespace cloche::protocol {
namespace {

TEST_F(ServerTest, TakesRequestsByteByByte) {
  Client client(port_);
  for (const char c : request("PUT /b/slow", "", "hello")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(status_of(client.answer()), 200);
  EXPECT_EQ(objects_["slow"], "hello");
}

// The body is asked for only when the handler wants it: a refused upload isn't sent at all.
TEST_F(ServerTest, AsksForTheBodyOnlyWhenItIsWanted) {
  Client wanted(port_);
  wanted.send(
      "PUT /b/big HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "5\r\n\r\n");
  EXPECT_EQ(wanted.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.send("hello");
  EXPECT_EQ(status_of(wanted.answer()), 200);
  Client refused(port_);
  refused.send(
      "PUT /b/refused HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "5\r\n\r\n");
  const std::string answer = refused.answer();
  EXPECT_EQ(status_of(answer), 403);
  EXPECT_NE(answer.find("Connection: close"),
            std::string::npos);  // Nobody knows whether a body will follow.
  EXPECT_TRUE(refused.closed());
}

TEST_F(ServerTest, StreamsBothWays) {
  const std::string content = pattern(5'000'003);
  for (const bool tls : {false, true}) {
    Client client(port_, tls);
    for (const char* key : {"memory", "file"}) {
      ASSERT_TRUE(client.send(request(std::string("PUT /b/") + key, "", content)));
      ASSERT_EQ(status_of(client.answer()), 200);
      client.send(request(std::string("GET /b/") + key));
      EXPECT_TRUE(body_of(client.answer()) == content) << key << (tls ? " over TLS" : "");
    }
  }
}

TEST_F(ServerTest, HeadHasNoBody) {
  Client client(port_);
  client.send(request("PUT /b/k", "", "hello"));
  client.answer();
  client.send(request("HEAD /b/k") + request("HEAD /b/none") + request("GET /b/k"));
  const std::string head = client.answer(true);
  EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(status_of(client.answer(true)), 404);
  EXPECT_EQ(body_of(client.answer()), "hello");
  client.send(request("DELETE /b/k"));
  const std::string deleted = client.answer();
  EXPECT_EQ(status_of(deleted), 204);
  EXPECT_EQ(deleted.find("Content-Length"), std::string::npos);
}

TEST_F(ServerTest, SpeaksBothChunkings) {
  Client client(port_);
  client.send(
      "PUT /b/http HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: v\r\n\r\n");
  EXPECT_NE(client.answer().find("x-saw-trailer: x-t=v"), std::string::npos);
  EXPECT_EQ(objects_["http"], "hello world");
  const std::string aws = "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
  const std::string headers =
      "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-decoded-content-length: ";
  client.send(request("PUT /b/aws", headers + "11\r\n", aws));
  EXPECT_NE(client.answer().find("x-saw-trailer: x-amz-checksum-crc32=DUoRhQ=="),
            std::string::npos);
  EXPECT_EQ(objects_["aws"], "hello world");
  client.send(request("PUT /b/aws", headers + "12\r\n", aws));
  EXPECT_EQ(status_of(client.answer()), 400);  // Not the length that was told.
}

// The framing of HTTP around that of AWS, cut at every place.
TEST_F(ServerTest, DoesNotMindWhereChunksAreCut) {
  const std::string aws = "5\r\nhello\r\n0\r\n\r\n";
  const std::string http =
      "4\r\n" + aws.substr(0, 4) + "\r\n" + "b\r\n" + aws.substr(4) + "\r\n0\r\n\r\n";
  const std::string head =
      "PUT /b/cut HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
      "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n\r\n";
  Client client(port_);
  for (std::size_t cut = 0; cut < http.size(); cut += 3) {
    objects_["cut"].clear();
    client.send(head + http.substr(0, cut));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    client.send(http.substr(cut));
    ASSERT_EQ(status_of(client.answer()), 200) << cut;
    ASSERT_EQ(objects_["cut"], "hello") << cut;
  }
}

TEST_F(ServerTest, RefusesBadFraming) {
  for (const char* headers : {"Content-Length: -1\r\n", "Content-Length: x\r\n",
                              "Content-Length: 5\r\nContent-Length: 6\r\n",
                              "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                              "Transfer-Encoding: gzip\r\n", "No colon\r\n", "Bad\x01Name: x\r\n",
                              "Authorization: AWS4-HMAC-SHA256\r\n Credential=x\r\n"}) {
    Client client(port_);
    client.send(request("PUT /b/k", headers));
    const int status = status_of(client.answer());
    EXPECT_TRUE(status == 400 || status == 501) << headers << " " << status;
    EXPECT_TRUE(client.closed()) << headers;
  }
  Client client(port_);
  client.send("GET\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 400);
}

TEST_F(ServerTest, BoundsHeads) {
  Client client(port_);
  client.send("GET /b/k HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(70'000, 'x') +
              "\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 431);
  EXPECT_TRUE(client.closed());
  Client allowed(port_);
  allowed.send(request("GET /b/none", "X: " + std::string(60'000, 'x') + "\r\n"));
  EXPECT_EQ(status_of(allowed.answer()), 404);
}

TEST_F(ServerTest, BoundsGatheredBodies) {
  ServerOptions options;
  options.body_bytes_max = 100'000;
  start(std::move(options));
  Client client(port_);
  client.send("POST /b?delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 413);
  Client chunked(port_);
  chunked.send("POST /b?delete HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 200 && chunked.send("400\r\n" + std::string(1024, 'x') + "\r\n"); ++i) {}
  EXPECT_EQ(status_of(chunked.answer()), 413);
}

TEST_F(ServerTest, GathersBodiesLargerThanItsBuffer) {
  std::string objects;
  for (int i = 0; i < 2000; ++i)
    objects += "<Object><Key>key-" + std::to_string(i) + "</Key></Object>";
  Client client(port_);
  client.send(request("POST /b?delete", "", "<Delete>" + objects + "</Delete>") +
              request("GET /b/none"));
  EXPECT_NE(client.answer().find("<Key>key-1999</Key>"), std::string::npos);
  EXPECT_EQ(status_of(client.answer()), 404);
}

// An answer to a half-sent upload has to arrive, although the client is still sending.
TEST_F(ServerTest, AnAnswerBeforeTheBodysEndArrives) {
  for (const char* key : {"refused", "unread", "stops"}) {
    Client client(port_);
    client.send(std::string("PUT /b/") + key +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n");
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 30 && client.send(piece); ++i) {}
    EXPECT_NE(status_of(client.answer()), 0) << key;
    EXPECT_TRUE(client.closed());
  }
  // A short rest is read away, and the connection goes on.
  Client client(port_);
  client.send(request("PUT /b/refused", "", std::string(50'000, 'x')) + request("GET /b/none"));
  EXPECT_EQ(status_of(client.answer()), 403);
  EXPECT_EQ(status_of(client.answer()), 404);
}

// A client that goes away in the middle of a body ends the upload with an error, once.
TEST_F(ServerTest, TellsTheHandlerOfABodyThatEndsEarly) {
  {
    Client client(port_);
    client.send("PUT /b/short HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhello");
    client.shut();
    EXPECT_EQ(status_of(client.answer()), 400);
  }
  EXPECT_EQ(ends_, 1);
  EXPECT_FALSE(objects_.contains("short"));
}

}  // namespace
}  // namespace cloche::protocol
