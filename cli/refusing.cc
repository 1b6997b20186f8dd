#include "cli/refusing.h"

#include "cli/admin_answer.h"

namespace cloche::cli {

Result<std::unique_ptr<Refusing>> Refusing::open(protocol::Server& host,
                                                 protocol::Listener& listener,
                                                 const std::string& why) {
  const Error error = refused(503, "ServiceUnavailable", why);
  auto refusing = std::make_unique<Refusing>();
  for (const char* service : {"s3", "dynamodb", "dynamodbstreams", "kms"})
    refusing->registry_.add(service);
  protocol::refuse_all(refusing->registry_, error);
  protocol::ServerOptions options;
  options.listen = {listener.hand_over()};
  CLOCHE_TRY(server, protocol::Server::open_beside(host, std::move(options), refusing->registry_));
  refusing->server_ = std::move(server);
  refusing->server_->on_admin("/", [error](const protocol::HttpRequest&, std::string_view) {
    return refused_answer(error);
  });
  refusing->server_->serve();
  return refusing;
}

}  // namespace cloche::cli
