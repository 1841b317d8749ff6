#include "midillama/web/address.h"

#include "midillama/core/error.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace midillama::web {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses addresses_of(const std::string& host, int port) {
  addrinfo wanted = {};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (error != 0) throw Error(fmt::format("the host {} is not known ({})", host, ::gai_strerror(error)));
  return {found, ::freeaddrinfo};
}

// 0, or why it cannot be had.
int try_address(const addrinfo& address) {
  const int socket = ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
  if (socket < 0) return errno;
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const int error = ::bind(socket, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  ::close(socket);
  return error;
}

std::string reason_of(int error) {
  if (error == EADDRINUSE) return "does another program serve there?";
  if (error == EADDRNOTAVAIL) return "it is no address of this machine";
  if (error == EACCES) return "this port is for the administrator; from 1024 on they are for all";
  return std::strerror(error);
}

}  // namespace

std::string in_url(const std::string& host, int port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

void require_free(const std::string& host, int port) {
  const Addresses addresses = addresses_of(host, port);
  int error = 0;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    error = try_address(*address);
    if (error == 0) return;
  }
  throw Error(fmt::format("{} cannot be had: {}", in_url(host, port), reason_of(error)));
}

}  // namespace midillama::web
