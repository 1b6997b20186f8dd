// A socket that listens before there is a server for it: clients connect, send, and wait. And a server's answer to all
// where there will be none.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "protocol/protocol.h"

namespace cloche::protocol {

class Listener {
 public:
  // `address` as ServerOptions::listen has it.
  static Result<std::unique_ptr<Listener>> open(const std::string& address);
  ~Listener();  // Whoever has connected is cut off, unless it was handed over.
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const std::string& address() const { return address_; }  // With the real port.
  bool is_awaited() const;                                 // Somebody has connected.
  // An entry of ServerOptions::listen for the server that takes it over, who then owns it. Once.
  std::string hand_over();

 private:
  Listener(int descriptor, std::string address)
      : descriptor_(descriptor), address_(std::move(address)) {}

  int descriptor_;
  const std::string address_;
};

// Every operation of the services in `registry` is refused with this.
void refuse_all(Registry& registry, const Error& error);

}  // namespace cloche::protocol
