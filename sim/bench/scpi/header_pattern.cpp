#include "sim/bench/scpi/header_pattern.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::bench {
namespace {

Error no_pattern(std::string_view pattern) {
    return {Code::internal, fmt::format("'{}' is no pattern of a header", pattern)};
}

} // namespace

HeaderPattern::HeaderPattern(std::string_view pattern) {
    std::string_view rest = pattern;
    while (!rest.empty()) {
        const bool optional = rest.front() == '[';
        if (optional) {
            rest.remove_prefix(1);
        }
        if (rest.empty() || (rest.front() != ':' && rest.front() != '*')) {
            throw no_pattern(pattern);
        }
        if (rest.front() == ':') {
            rest.remove_prefix(1);
        }
        const std::size_t end = std::min(rest.find_first_of(optional ? "]" : ":["), rest.size());
        Node& node = nodes_.emplace_back(read_node(rest.substr(0, end)));
        node.optional = optional;
        if (optional && end == rest.size()) {
            throw no_pattern(pattern);
        }
        rest.remove_prefix(end + (optional ? 1 : 0));
    }
}

HeaderPattern::Node HeaderPattern::read_node(std::string_view text) {
    Node node;
    const std::size_t bracket = std::min(text.find('<'), text.size());
    node.short_form = short_form_of(text.substr(0, bracket));
    node.long_form = in_capitals(text.substr(0, bracket));
    if (bracket < text.size()) {
        const std::string_view range = text.substr(bracket + 1, text.size() - bracket - 2);
        const std::size_t dash = std::min(range.find('-'), range.size());
        node.least = number_of<unsigned>(range.substr(0, dash)).value_or(0);
        node.most = dash < range.size() ? number_of<unsigned>(range.substr(dash + 1)).value_or(0)
                                        : node.least;
        if (node.least == 0 || node.most < node.least) {
            throw no_pattern(text);
        }
    }
    return node;
}

std::optional<HeaderPattern::Match>
HeaderPattern::match(std::span<const std::string_view> header) const {
    Match match;
    if (!match_from(0, header, match)) {
        return std::nullopt;
    }
    return match;
}

bool HeaderPattern::match_from(std::size_t index, std::span<const std::string_view> header,
                               Match& match) const {
    if (index == nodes_.size()) {
        return header.empty();
    }
    const Node& node = nodes_[index];
    const Match before = match;
    if (!header.empty()) {
        std::string_view word = header.front();
        std::optional<unsigned> suffix = 1;
        if (node.most > 0) {
            const std::size_t letters = word.find_last_not_of("0123456789") + 1;
            if (letters < word.size()) {
                suffix = number_of<unsigned>(word.substr(letters));
                word = word.substr(0, letters);
            }
        }
        if (same_letters(word, node.short_form) || same_letters(word, node.long_form)) {
            if (node.most > 0) {
                match.suffixes.push_back(suffix.value_or(0));
                match.in_range &= suffix && *suffix >= node.least && *suffix <= node.most;
            }
            if (match_from(index + 1, header.subspan(1), match)) {
                return true;
            }
            match = before;
        }
    }
    if (!node.optional) {
        return false;
    }
    if (node.most > 0) {
        match.suffixes.push_back(1);
    }
    return match_from(index + 1, header, match);
}

bool is_keyword(std::string_view word, std::string_view keyword) {
    return same_letters(word, short_form_of(keyword)) || same_letters(word, keyword);
}

std::string short_form_of(std::string_view keyword) {
    std::string form(keyword);
    std::erase_if(form, [](char c) { return c >= 'a' && c <= 'z'; });
    return form;
}

} // namespace phyll::bench
