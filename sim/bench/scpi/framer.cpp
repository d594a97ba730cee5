#include "sim/bench/scpi/framer.hpp"

#include "sim/bench/scpi/block.hpp"

#include <algorithm>

namespace phyll::bench {

std::optional<std::string> Framer::next() {
    while (at_ < buffer_.size()) {
        if (at_ < block_end_) {
            at_ = std::min(block_end_, buffer_.size());
            continue;
        }
        if (buffer_[at_] == '\n') {
            std::string message = buffer_.substr(0, at_);
            buffer_.erase(0, at_ + 1);
            at_ = 0;
            block_end_ = 0;
            quote_ = 0;
            parameter_begins_ = false;
            if (!message.empty() && message.back() == '\r') {
                message.pop_back();
            }
            return message;
        }
        if (step() == Step::wait) {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

Framer::Step Framer::step() {
    const char c = buffer_[at_];
    if (quote_ != 0) {
        quote_ = c == quote_ ? char{0} : quote_;
    } else if (c == '"' || c == '\'') {
        quote_ = c;
    } else if (c == '#' && parameter_begins_) {
        return enter_block();
    } else if (c == ' ' || c == '\t' || c == ',') {
        parameter_begins_ = true;
        ++at_;
        return Step::taken;
    }
    parameter_begins_ = false;
    ++at_;
    return Step::taken;
}

Framer::Step Framer::enter_block() {
    const BlockHeader header = read_block_header(std::string_view(buffer_).substr(at_));
    if (header.state == BlockHeader::State::incomplete) {
        return Step::wait;
    }
    parameter_begins_ = false;
    if (header.state == BlockHeader::State::block) {
        block_end_ = at_ + header.size + header.length;
        at_ += header.size;
    } else {
        ++at_; // The reader of the message will say what is wrong with it.
    }
    return Step::taken;
}

bool Framer::overlong() const noexcept {
    return std::max(buffer_.size(), block_end_) > largest_message;
}

} // namespace phyll::bench
