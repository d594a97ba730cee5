#include "sim/bench/scpi/error_queue.hpp"

#include "sim/bench/scpi/scpi_error.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::bench {
namespace {

/// A quote inside a quoted string is doubled.
std::string quoted(const std::string& words) {
    std::string text = "\"";
    for (const char c : words) {
        text += c == '\n' ? ' ' : c;
        if (c == '"') {
            text += c;
        }
    }
    return text + '"';
}

} // namespace

void ErrorQueue::push(int number, const std::string& words) {
    if (entries_.size() < capacity) {
        entries_.push_back({number, words});
        return;
    }
    entries_.back() = {scpi_number::queue_overflow,
                       std::string(words_of(scpi_number::queue_overflow))};
}

std::string ErrorQueue::take() {
    Entry entry{0, "No error"};
    if (!entries_.empty()) {
        entry = std::move(entries_.front());
        entries_.pop_front();
    }
    const std::string words = quoted(entry.words);
    return sign_ == Sign::always ? fmt::format("{:+d},{}", entry.number, words)
                                 : fmt::format("{},{}", entry.number, words);
}

} // namespace phyll::bench
