#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// One parameter as it was sent.
struct Parameter {
    enum class Kind { plain, text, block };
    Kind kind = Kind::plain;
    /// Without quotes (doubled ones inside are still doubled), without a block's header.
    std::string_view value;
};

/// One command or query of a message.
struct Command {
    /// From the root: {"SOUR1", "FUNC", "ARB"}; of a common command just {"*IDN"}.
    std::vector<std::string_view> header;
    bool query = false;
    std::vector<Parameter> parameters;

    [[nodiscard]] bool common() const { return header.front().starts_with('*'); }
};

/// Takes a program message apart: commands between semicolons, each with its header (a colon in
/// front stands for the root; without it the header goes on where the one before branched off;
/// common commands leave that place alone) and its parameters between commas. The views that it
/// gives are into the message.
class MessageReader {
  public:
    explicit MessageReader(std::string_view message) : rest_(message) {}

    /// The next command, nothing at the end. Throws ScpiError where the message makes no sense;
    /// what follows cannot be told then.
    [[nodiscard]] std::optional<Command> next();

  private:
    [[nodiscard]] std::vector<std::string_view> read_header(bool& query);
    [[nodiscard]] std::vector<Parameter> read_parameters();
    [[nodiscard]] Parameter read_parameter();
    [[nodiscard]] Parameter read_text();
    [[nodiscard]] Parameter read_block();
    void skip_blanks();

    std::string_view rest_;
    std::vector<std::string_view> path_; ///< what a header without a colon goes on from
};

} // namespace phyll::bench
