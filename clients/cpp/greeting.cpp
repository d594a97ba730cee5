#include "clients/cpp/greeting.hpp"

#include <array>
#include <string_view>
#include <sys/socket.h>

namespace phyll {
namespace {

/// How a greeting begins: a signature of ten bytes, and the version 3.0. Who has got that far
/// sends the whole of its own, and waits for the rest of ours.
constexpr std::array<unsigned char, 12> our_beginning{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0};
constexpr std::size_t greeting_size = 64;
constexpr std::size_t version_at = 10;
constexpr std::size_t mechanism_at = 12;
constexpr std::size_t mechanism_size = 20;

/// What somebody sent until it had sent a greeting, hung up or was silent for too long.
std::string heard_on(int socket) {
    std::string heard(greeting_size, '\0');
    std::size_t size = 0;
    while (size < heard.size()) {
        const ssize_t read = ::recv(socket, heard.data() + size, heard.size() - size, 0);
        if (read <= 0) {
            break;
        }
        size += static_cast<std::size_t>(read);
    }
    heard.resize(size);
    return heard;
}

Greeting meaning_of(std::string_view heard) {
    if (heard.size() != greeting_size || heard[0] != '\xff' || heard[version_at] < 3) {
        return Greeting::none;
    }
    std::string_view mechanism = heard.substr(mechanism_at, mechanism_size);
    mechanism = mechanism.substr(0, mechanism.find('\0'));
    return mechanism == "CURVE"  ? Greeting::with_keys
           : mechanism == "NULL" ? Greeting::without_keys
                                 : Greeting::none;
}

} // namespace

Greeting greeting_at(const std::string& endpoint, Instant deadline) {
    const Descriptor socket = connect_plainly(endpoint, deadline);
    if (socket.get() < 0 || ::send(socket.get(), our_beginning.data(), our_beginning.size(),
                                   MSG_NOSIGNAL) != std::ssize(our_beginning)) {
        return Greeting::none;
    }
    return meaning_of(heard_on(socket.get()));
}

} // namespace phyll
