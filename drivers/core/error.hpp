#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace phyll {

/// gRPC's canonical status codes, the only error codes of the system: thrown inside, sent on the
/// wire.
enum class Code : int {
    ok = 0,
    cancelled = 1,
    unknown = 2,
    invalid_argument = 3,
    deadline_exceeded = 4,
    not_found = 5,
    already_exists = 6,
    permission_denied = 7,
    resource_exhausted = 8,
    failed_precondition = 9,
    aborted = 10,
    out_of_range = 11,
    unimplemented = 12,
    internal = 13,
    unavailable = 14,
    data_loss = 15,
    unauthenticated = 16,
};

/// The code's canonical name, for example "INVALID_ARGUMENT".
[[nodiscard]] std::string_view name_of(Code code) noexcept;

/// One thing that is wrong with an input: where ("layers[1].width"), and what would be right.
struct FieldViolation {
    std::string field;
    std::string description;

    bool operator==(const FieldViolation&) const = default;
};

/// The one exception type of the system. The message says what happened, to what, and what to do;
/// docs/style-of-messages.md has the rules. It is valid UTF-8 whatever it quotes, since it goes
/// over the wire and into the store.
class Error : public std::runtime_error {
  public:
    Error(Code code, const std::string& message);
    Error(Code code, const std::string& message, std::vector<FieldViolation> violations);

    [[nodiscard]] Code code() const noexcept { return code_; }
    [[nodiscard]] const std::vector<FieldViolation>& violations() const noexcept {
        return violations_;
    }

  private:
    Code code_;
    std::vector<FieldViolation> violations_;
};

/// INVALID_ARGUMENT about one field; the message is "<field>: <description>".
[[nodiscard]] Error invalid_field(std::string field, std::string description);

/// The same error, said of a part of something: "<part>: <message>", with its code and violations.
[[nodiscard]] Error error_of(const std::string& part, const Error& error);

} // namespace phyll
