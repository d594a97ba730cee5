#include "daemon/config/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace phyll::config {

namespace {

constexpr std::size_t width = 90;

/// Characters of a UTF-8 text.
std::size_t length_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Takes what stands before the separator off the text, and the separator with it.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

/// Breaks a paragraph into lines. `head` begins the first one, the others begin with as many blanks
/// as `indent`. A word that is longer than a line gets a line of its own.
std::string wrapped(std::string_view paragraph, const std::string& head, std::size_t indent) {
    const std::string margin(indent, ' ');
    std::string text;
    std::string line = head;
    bool is_fresh = true; // there is no word on the line yet
    while (!paragraph.empty()) {
        const std::string_view word = take(paragraph, ' ');
        if (!is_fresh && length_of(line) + 1 + length_of(word) > width) {
            text += line + '\n';
            line = margin;
            is_fresh = true;
        }
        line += (is_fresh ? "" : " ");
        line += word;
        is_fresh = false;
    }
    return text + line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

/// `separator` stands between the paragraphs.
std::string paragraphs(std::string_view about, std::size_t indent, std::string_view separator) {
    std::string text;
    while (!about.empty()) {
        text += text.empty() ? "" : separator;
        text += wrapped(take(about, '\n'), std::string(indent, ' '), indent);
    }
    return text;
}

std::string first_sentence(const std::string& about) {
    const std::size_t end = std::min(about.find(". "), about.find('\n'));
    std::string sentence = about.substr(0, end);
    if (!sentence.empty() && sentence.back() != '.') {
        sentence += '.';
    }
    return sentence;
}

/// Where a topic's keys are written: "[rigs.simulation] in the configuration".
std::string place_of(const Topic& topic) {
    if (topic.head.empty()) {
        return "at the top of " + topic.file;
    }
    const std::string kind = topic.kind.empty() ? "" : fmt::format(" of kind = \"{}\"", topic.kind);
    return fmt::format("{}{} in {}", topic.head, kind, topic.file);
}

std::string text_of_key(const Key& key) {
    constexpr std::size_t indent = 6;
    std::string value = value_in_words(key);
    if (!key.topics.empty()) {
        value += fmt::format(" (topic{} {})", key.topics.size() == 1 ? "" : "s",
                             fmt::join(key.topics, ", "));
    }
    if (key.required) {
        value += "; required";
    }
    if (!key.default_value.empty()) {
        value += fmt::format("; default {}", key.default_value);
    }
    return wrapped(value, fmt::format("  {}  ", key.name), indent) +
           paragraphs(key.about, indent, "");
}

} // namespace

std::string text_list(const std::vector<Topic>& topics) {
    std::size_t longest = 0;
    for (const Topic& topic : topics) {
        longest = std::max(longest, length_of(topic.name));
    }
    std::string text;
    std::string_view file;
    for (const Topic& topic : topics) {
        if (topic.file != file) {
            file = topic.file;
            text += fmt::format("{}In {}:\n", text.empty() ? "" : "\n", file);
        }
        text += wrapped(first_sentence(topic.about), fmt::format("  {:<{}}  ", topic.name, longest),
                        longest + 4);
    }
    return text;
}

std::string text_of(const Topic& topic) {
    std::string text = fmt::format("{}: {}\n\n", topic.name, place_of(topic));
    if (!topic.about.empty()) {
        text += paragraphs(topic.about, 0, "\n") + '\n';
    }
    for (const Key& key : topic.keys) {
        text += text_of_key(key);
    }
    return topic.keys.empty() ? text + "There is nothing to set.\n" : text;
}

} // namespace phyll::config
