#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::config {

/// Where a value was written.
struct Place {
    std::string
        where; ///< "vowels.toml:12", "override 'seed=3'"; empty: nowhere, it came as a message
    unsigned line = 0; ///< counted from 1; 0: not a line of the file
};

/// Collects everything that is wrong with one input, so that it is told at once.
///
/// Fields are paths into the message: "layers[1].width"; the message itself is "". A field is
/// reported once, and nothing inside a reported field is: a table that cannot be read would
/// otherwise be followed by complaints that its parts are missing.
class Problems {
  public:
    /// For a message that came over the wire: there are no places to name.
    Problems() = default;
    /// For a text; `file_name` is the place of whatever is not known better.
    explicit Problems(const std::string& file_name);

    /// Remembers where a field was written.
    void remember(const std::string& field, const Place& place);

    /// `text` says what the value is and what would be valid: "-3; valid is 1 to 10".
    void add(const std::string& field, const std::string& text);

    /// A problem of a place rather than of a value; `sentence` says all that there is to say.
    void add_at(const Place& place, const std::string& field, const std::string& sentence);

    /// Throws INVALID_ARGUMENT with one violation for each problem, in the order of the lines. The
    /// message is complete in itself: one line for each problem, with place and field.
    void throw_if_any() const;

  private:
    struct Problem {
        std::string field;
        std::string description;
        std::string line_of_message;
        unsigned line = 0;
    };

    [[nodiscard]] const Place& place_of(std::string_view field) const;
    [[nodiscard]] bool is_reported(std::string_view field) const;

    std::map<std::string, Place, std::less<>> places_{{"", {}}};
    std::vector<Problem> found_;
};

/// "training" and "epochs": "training.epochs".
[[nodiscard]] std::string member_path(std::string_view path, std::string_view key);
/// "layers" and 1: "layers[1]".
[[nodiscard]] std::string item_path(std::string_view path, std::size_t index);

/// A text for use inside a message: in single quotes, on one line, cut when very long.
[[nodiscard]] std::string quoted(std::string_view text);

} // namespace phyll::config
