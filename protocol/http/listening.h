// Where a server listens, as sockets.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/http/asio.h"

namespace cloche::protocol {

// Before the number of a listening socket that Listener::hand_over gives away.
inline constexpr std::string_view kHandedOver = "handed over:";

// "127.0.0.1:4566", "[::1]:4566", ":4566", or a socket that is handed over.
Result<void> listen_on(boost::asio::ip::tcp::acceptor& acceptor, const std::string& text);
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace cloche::protocol
