#include "sim/bench/scpi/message.hpp"

#include "sim/bench/scpi/block.hpp"
#include "sim/bench/scpi/scpi_error.hpp"

#include <algorithm>

namespace phyll::bench {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view trimmed_end(std::string_view text) {
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

} // namespace

std::optional<Command> MessageReader::next() {
    skip_blanks();
    while (!rest_.empty() && rest_.front() == ';') {
        rest_.remove_prefix(1);
        skip_blanks();
    }
    if (rest_.empty()) {
        return std::nullopt;
    }
    Command command;
    command.header = read_header(command.query);
    command.parameters = read_parameters();
    return command;
}

void MessageReader::skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) {
        rest_.remove_prefix(1);
    }
}

std::vector<std::string_view> MessageReader::read_header(bool& query) {
    const auto word = [this](std::size_t from) {
        std::size_t end = from;
        while (end < rest_.size() && is_word(rest_[end])) {
            ++end;
        }
        if (end == from) {
            throw ScpiError(scpi_number::syntax);
        }
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return found;
    };
    std::vector<std::string_view> header;
    if (rest_.front() == '*') {
        header = {word(1)};
    } else {
        if (rest_.front() == ':') {
            rest_.remove_prefix(1);
        } else {
            header = path_;
        }
        header.push_back(word(0));
        while (!rest_.empty() && rest_.front() == ':') {
            rest_.remove_prefix(1);
            header.push_back(word(0));
        }
        path_.assign(header.begin(), header.end() - 1);
    }
    query = !rest_.empty() && rest_.front() == '?';
    if (query) {
        rest_.remove_prefix(1);
    }
    if (!rest_.empty() && !is_blank(rest_.front()) && rest_.front() != ';') {
        throw ScpiError(scpi_number::syntax);
    }
    return header;
}

std::vector<Parameter> MessageReader::read_parameters() {
    std::vector<Parameter> parameters;
    skip_blanks();
    if (rest_.empty() || rest_.front() == ';') {
        return parameters;
    }
    while (true) {
        skip_blanks();
        parameters.push_back(read_parameter());
        skip_blanks();
        if (rest_.empty() || rest_.front() == ';') {
            return parameters;
        }
        if (rest_.front() != ',') {
            throw ScpiError(scpi_number::syntax);
        }
        rest_.remove_prefix(1);
    }
}

Parameter MessageReader::read_parameter() {
    if (rest_.empty()) {
        throw ScpiError(scpi_number::syntax);
    }
    if (rest_.front() == '"' || rest_.front() == '\'') {
        return read_text();
    }
    if (rest_.front() == '#' && rest_.size() > 1 && rest_[1] >= '0' && rest_[1] <= '9') {
        return read_block();
    }
    const std::size_t end = std::min(rest_.find_first_of(",;"), rest_.size());
    const Parameter parameter{Parameter::Kind::plain, trimmed_end(rest_.substr(0, end))};
    if (parameter.value.empty()) {
        throw ScpiError(scpi_number::syntax);
    }
    rest_.remove_prefix(end);
    return parameter;
}

Parameter MessageReader::read_text() {
    const char quote = rest_.front();
    std::size_t end = 1;
    while (true) {
        end = rest_.find(quote, end);
        if (end == std::string_view::npos) {
            throw ScpiError(scpi_number::string_data);
        }
        if (end + 1 == rest_.size() || rest_[end + 1] != quote) {
            break;
        }
        end += 2;
    }
    const Parameter parameter{Parameter::Kind::text, rest_.substr(1, end - 1)};
    rest_.remove_prefix(end + 1);
    return parameter;
}

Parameter MessageReader::read_block() {
    const BlockHeader header = read_block_header(rest_);
    if (header.state != BlockHeader::State::block || rest_.size() - header.size < header.length) {
        throw ScpiError(scpi_number::block_data);
    }
    const Parameter parameter{Parameter::Kind::block, rest_.substr(header.size, header.length)};
    rest_.remove_prefix(header.size + header.length);
    return parameter;
}

} // namespace phyll::bench
