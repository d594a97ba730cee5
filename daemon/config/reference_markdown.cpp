#include "daemon/config/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace phyll::config {

namespace {

/// Prose as it is shown, whatever it contains; code between backticks stays code.
std::string escaped(std::string_view text) {
    std::string out;
    bool is_code = false;
    for (const char c : text) {
        is_code = is_code != (c == '`');
        // A bar would end the cell of a table even inside code.
        if (c == '|' || (!is_code && std::string_view("\\*<[").find(c) != std::string_view::npos)) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

/// Paragraphs, parted by `separator`.
std::string paragraphs(const std::string& about, std::string_view separator) {
    std::string text = escaped(about);
    for (std::size_t at = text.find('\n'); at != std::string::npos;
         at = text.find('\n', at + separator.size())) {
        text.replace(at, 1, separator);
    }
    return text;
}

/// What links inside a document call a topic's heading: GitHub numbers those that come again.
class Anchors {
  public:
    explicit Anchors(const std::vector<Topic>& topics) {
        std::map<std::string, int> seen;
        for (const Topic& topic : topics) {
            const int before = seen[topic.name]++;
            anchors_.push_back(before == 0 ? topic.name : fmt::format("{}-{}", topic.name, before));
            topics_.emplace_back(topic.file, topic.name);
        }
    }

    /// "[simulation](#simulation)"; without a link when the document has no such topic.
    [[nodiscard]] std::string link(const std::string& file, const std::string& name) const {
        const auto found = std::ranges::find(topics_, std::pair(file, name));
        return found == topics_.end()
                   ? name
                   : fmt::format("[{}](#{})", name,
                                 anchors_[static_cast<std::size_t>(found - topics_.begin())]);
    }

  private:
    std::vector<std::string> anchors_;
    std::vector<std::pair<std::string, std::string>> topics_; ///< file and name
};

std::string place_of(const Topic& topic) {
    if (topic.head.empty()) {
        return "At the top of " + topic.file;
    }
    const std::string kind =
        topic.kind.empty() ? "" : fmt::format(" of `kind = \"{}\"`", topic.kind);
    return fmt::format("`{}`{} in {}", topic.head, kind, topic.file);
}

std::string row(const Key& key, const Topic& topic, const Anchors& anchors) {
    std::string value = escaped(value_in_words(key));
    for (const std::string& name : key.topics) {
        value += fmt::format("{} {}", &name == &key.topics.front() ? ":" : ",",
                             anchors.link(topic.file, name));
    }
    const std::string standard =
        key.required ? "required"
                     : (key.default_value.empty() ? "" : fmt::format("`{}`", key.default_value));
    return fmt::format("| `{}` | {} | {} | {} |\n", key.name, value, standard,
                       paragraphs(key.about, "<br>"));
}

std::string section(const Topic& topic, const Anchors& anchors) {
    std::string text = fmt::format("### {}\n\n{}.\n", topic.name, place_of(topic));
    if (!topic.about.empty()) {
        text += fmt::format("\n{}\n", paragraphs(topic.about, "\n\n"));
    }
    if (topic.keys.empty()) {
        return text + "\nThere is nothing to set.\n";
    }
    text += "\n| key | value | default | |\n|---|---|---|---|\n";
    for (const Key& key : topic.keys) {
        text += row(key, topic, anchors);
    }
    return text;
}

} // namespace

std::string markdown_of(const Topic& topic) {
    return section(topic, Anchors({}));
}

std::string markdown_manual(const std::vector<Topic>& topics) {
    const Anchors anchors(topics);
    std::string text =
        "# Keys of the configuration and of run files\n\n"
        "Made by `phylld --explain all --markdown` from the comments in the .proto files: change\n"
        "those. `phylld --explain TOPIC` says the same in a terminal.\n\n"
        "A key that is required has no default. In messages and in `--set` the entries of a list\n"
        "are counted from 0: `layers[0].width`, `--set layers.0.width=30`.\n";
    std::string_view file;
    for (const Topic& topic : topics) {
        if (topic.file != file) {
            file = topic.file;
            text += fmt::format("\n- In {}: ", file);
        } else {
            text += ", ";
        }
        text += anchors.link(topic.file, topic.name);
    }
    text += '\n';
    for (const Topic& topic : topics) {
        text += '\n' + section(topic, anchors);
    }
    return text;
}

} // namespace phyll::config
