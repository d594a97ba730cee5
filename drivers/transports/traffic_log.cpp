#include "drivers/transports/traffic_log.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace phyll::transports {
namespace {

constexpr std::size_t longest_shown = 400;
constexpr std::size_t longest_hexadecimal = 16;

bool is_text(std::byte byte) {
    const auto c = static_cast<unsigned char>(byte);
    return std::isprint(c) != 0 || c == '\t';
}

std::string shown(std::span<const std::byte> bytes) {
    if (bytes.size() > longest_hexadecimal) {
        return fmt::format("<{} bytes>", with_thousands(bytes.size()));
    }
    std::string text = "<";
    for (const std::byte byte : bytes) {
        fmt::format_to(std::back_inserter(text), "{}{:02x}", text.size() > 1 ? " " : "",
                       std::to_integer<unsigned>(byte));
    }
    return text + ">";
}

} // namespace

std::string printable(std::span<const std::byte> message) {
    const auto text_end = std::ranges::find_if_not(message, is_text);
    const auto length = static_cast<std::size_t>(text_end - message.begin());
    std::string text(length, '\0');
    std::ranges::transform(message.first(length), text.begin(),
                           [](std::byte byte) { return static_cast<char>(byte); });
    if (text.size() > longest_shown) {
        return text.substr(0, longest_shown) + shown(message.subspan(longest_shown));
    }
    return length == message.size() ? text : text + shown(message.subspan(length));
}

void TrafficLog::sent(std::span<const std::byte> message) {
    if (on_) {
        add(Kind::sent, printable(message));
    }
}

void TrafficLog::received(std::span<const std::byte> answer) {
    if (on_) {
        add(Kind::received, printable(answer));
    }
}

void TrafficLog::remark(std::string_view text) {
    if (on_) {
        add(Kind::remark, utf8(text));
    }
}

std::vector<TrafficLog::Entry> TrafficLog::after(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    const auto first = std::ranges::find_if(
        entries_, [number](const Entry& entry) { return entry.number > number; });
    return {first, entries_.end()};
}

void TrafficLog::add(Kind kind, std::string text) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(
        {.number = ++last_, .time = clock_.wall(), .kind = kind, .text = std::move(text)});
    if (entries_.size() > kept) {
        entries_.pop_front();
    }
}

} // namespace phyll::transports
