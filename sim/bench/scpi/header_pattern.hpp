#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// A command's header as manuals write it: "[:SOURce<1>]:FUNCtion:ARBitrary". Each node matches its
/// short form (what is no small letter) and its long form, in any case; nodes in brackets
/// may be left out; `<1-4>` says which numbers may follow, 1 when none does.
class HeaderPattern {
  public:
    /// Throws INTERNAL when the pattern itself makes no sense.
    explicit HeaderPattern(std::string_view pattern);

    struct Match {
        std::vector<unsigned> suffixes; ///< of each node that may have one, in order
        bool in_range = true;           ///< all of them as the pattern allows
    };
    [[nodiscard]] std::optional<Match> match(std::span<const std::string_view> header) const;

  private:
    struct Node {
        std::string short_form; ///< in capitals
        std::string long_form;  ///< in capitals
        bool optional = false;
        unsigned least = 0; ///< of the suffix; 0: it has none
        unsigned most = 0;
    };

    [[nodiscard]] static Node read_node(std::string_view text);
    [[nodiscard]] bool match_from(std::size_t node, std::span<const std::string_view> header,
                                  Match& match) const;

    std::vector<Node> nodes_;
};

/// Whether `word` is the keyword that a manual writes like "NORMal": its short or its long form.
[[nodiscard]] bool is_keyword(std::string_view word, std::string_view keyword);
/// "NORM" of "NORMal", "CHAN1" of "CHANnel1".
[[nodiscard]] std::string short_form_of(std::string_view keyword);

} // namespace phyll::bench
