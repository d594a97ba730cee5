#include "drivers/transports/answer_reader.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace phyll::transports {
namespace {

/// The longest answer in text.
constexpr std::size_t longest_line = 1U << 20U;
/// What is asked for where a line is expected.
constexpr std::size_t line_piece = 16U << 10U;
/// "#9" and nine digits, before a block; a carriage return and a line feed after it.
constexpr std::size_t longest_header = 11;
constexpr std::size_t longest_end = 2;

} // namespace

std::string AnswerReader::read_line(const Patience& patience) {
    begin();
    std::size_t end = buffer_.find('\n');
    while (!ended_ && buffer_.size() < longest_line &&
           (source_.marks_ends() || end == std::string::npos)) {
        const std::size_t searched = buffer_.size();
        more(line_piece, patience);
        if (end == std::string::npos) {
            end = buffer_.find('\n', searched);
        }
    }
    if (end == std::string::npos && !ended_) {
        out_of_form("an answer has no end");
    }
    std::string line = take(end == std::string::npos ? buffer_.size() : end + 1);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
        line.pop_back();
    }
    log_.received(std::as_bytes(std::span(line)));
    return line;
}

std::vector<std::byte> AnswerReader::read_block(std::size_t most, const Patience& patience) {
    begin();
    const std::size_t length = block_length(most, patience);
    // Room is made as the bytes come: what is only announced takes none.
    need(length, longest_end, patience);
    const auto bytes = std::as_bytes(std::span(buffer_).first(length));
    std::vector<std::byte> block(bytes.begin(), bytes.end());
    buffer_.erase(0, length);
    end_block(patience);
    log_.received(block);
    return block;
}

std::size_t AnswerReader::block_length(std::size_t most, const Patience& patience) {
    const std::size_t rest = std::min(most, std::string().max_size() / 2) + longest_end;
    need(2, longest_header + rest, patience);
    const std::string head = take(2);
    if (head[0] != '#' || head[1] < '1' || head[1] > '9') {
        out_of_form(fmt::format("an answer that should be a block begins with {:?}", head));
    }
    const auto digits = static_cast<std::size_t>(head[1] - '0');
    need(digits, rest, patience);
    const std::string number = take(digits);
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + digits, length);
    if (error != std::errc() || end != number.data() + digits || length > most) {
        out_of_form(
            fmt::format("a block of {:?} bytes came where at most {} can be", number, most));
    }
    return length;
}

void AnswerReader::end_block(const Patience& patience) {
    while (source_.marks_ends() && !ended_ && buffer_.size() < longest_line) {
        more(line_piece, patience);
    }
    if (ended_ && buffer_.empty()) {
        return;
    }
    need(1, 0, patience);
    if (buffer_[0] == '\r') {
        static_cast<void>(take(1));
        need(1, 0, patience);
    }
    if (take(1) != "\n") {
        out_of_form("a block does not end where it should");
    }
}

void AnswerReader::forget() noexcept {
    buffer_.clear();
    ended_ = false;
}

void AnswerReader::begin() noexcept {
    if (buffer_.empty()) {
        ended_ = false;
    }
}

void AnswerReader::more(std::size_t wanted, const Patience& patience) {
    ended_ = source_.more(buffer_, wanted, patience);
}

void AnswerReader::need(std::size_t count, std::size_t wanted, const Patience& patience) {
    while (buffer_.size() < count) {
        if (ended_) {
            out_of_form("an answer that should be a block ends within it");
        }
        more(count - buffer_.size() + wanted, patience);
    }
}

std::string AnswerReader::take(std::size_t count) {
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
}

void AnswerReader::out_of_form(const std::string& why) {
    log_.remark(why);
    throw Error(Code::data_loss, fmt::format("{}: {}", resource_, why));
}

} // namespace phyll::transports
