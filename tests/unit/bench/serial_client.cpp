#include "tests/unit/bench/serial_client.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <system_error>

namespace phyll::test {
namespace {

constexpr int patience_ms = 20000;

std::system_error last_error(const std::string& what) {
    return {errno, std::generic_category(), what};
}

} // namespace

std::string path_of(const std::string& address) {
    const std::string begin = "ASRL";
    const std::string end = "::INSTR";
    if (!address.starts_with(begin) || !address.ends_with(end)) {
        throw std::runtime_error("no serial line: " + address);
    }
    return address.substr(begin.size(), address.size() - begin.size() - end.size());
}

SerialClient::SerialClient(const std::string& address)
    : line_(::open(path_of(address).c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (line_.get() < 0) {
        throw last_error("open");
    }
}

void SerialClient::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::write(line_.get(), bytes.data(), bytes.size());
        if (sent < 0) {
            throw last_error("write");
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string SerialClient::read(std::size_t bytes, std::chrono::milliseconds patience) const {
    std::string got;
    while (got.size() < bytes) {
        pollfd waits{.fd = line_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&waits, 1, static_cast<int>(patience.count())) <= 0) {
            break;
        }
        std::array<char, 4096> chunk{};
        const ssize_t size = ::read(line_.get(), chunk.data(), chunk.size());
        if (size <= 0) {
            break;
        }
        got.append(chunk.data(), static_cast<std::size_t>(size));
    }
    return got;
}

bool SerialClient::hung_up() const {
    pollfd waits{.fd = line_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waits, 1, patience_ms) <= 0) {
        throw std::runtime_error("the line is still there");
    }
    return (waits.revents & POLLHUP) != 0;
}

} // namespace phyll::test
