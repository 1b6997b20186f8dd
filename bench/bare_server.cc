// The bare epoll server that GET of large objects is held against (design, section 10): answers every request on a
// kept-alive connection with the same file, by sendfile, and does nothing else. One thread.
//
//   bare_server PORT FILE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>

namespace {

struct Client {
  std::size_t head_sent = 0;
  off_t sent = 0;
  bool answering = false;
};

int listen_on(int port) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(server, 128) != 0) {
    std::perror("bare_server");
    std::exit(1);
  }
  return server;
}

// False: the client is gone.
bool answer(int socket, Client& client, const std::string& head, int file, off_t size) {
  while (client.head_sent < head.size()) {
    const ssize_t now = ::send(socket, head.data() + client.head_sent,
                               head.size() - client.head_sent, MSG_NOSIGNAL | MSG_MORE);
    if (now < 0) return errno == EAGAIN;
    client.head_sent += static_cast<std::size_t>(now);
  }
  while (client.sent < size) {
    const ssize_t now =
        ::sendfile(socket, file, &client.sent, static_cast<std::size_t>(size - client.sent));
    if (now < 0) return errno == EAGAIN;
  }
  client = {};
  return true;
}

bool serve(int socket, Client& client, const std::string& head, int file, off_t size) {
  char buffer[4096];
  if (!client.answering) {
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    client.answering = got > 0;
  }
  return !client.answering || answer(socket, client, head, file, size);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("bare_server PORT FILE\n", stderr);
    return 2;
  }
  const int file = ::open(argv[2], O_RDONLY);
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) {
    std::perror(argv[2]);
    return 1;
  }
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(status.st_size) + "\r\n\r\n";
  const int server = listen_on(std::atoi(argv[1]));
  const int epoll = ::epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = server}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
  std::unordered_map<int, Client> clients;
  for (;;) {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      if (socket == server) {
        const int accepted = ::accept4(server, nullptr, nullptr, SOCK_NONBLOCK);
        if (accepted < 0) continue;
        const int on = 1;
        ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event added{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.fd = accepted}};
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &added);
        clients[accepted] = {};
      } else if (!serve(socket, clients[socket], head, file, status.st_size)) {
        clients.erase(socket);
        ::close(socket);
      }
    }
  }
}
