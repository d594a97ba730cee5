#include "drivers/core/error.hpp"

#include "drivers/core/text.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace phyll {

std::string_view name_of(Code code) noexcept {
    static constexpr std::array<std::string_view, 17> names{
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };
    const auto index = static_cast<std::size_t>(code);
    return index < names.size() ? names[index] : "UNKNOWN";
}

Error::Error(Code code, const std::string& message)
    : std::runtime_error(utf8(message)), code_(code) {}

Error::Error(Code code, const std::string& message, std::vector<FieldViolation> violations)
    : std::runtime_error(utf8(message)), code_(code), violations_(std::move(violations)) {
    for (FieldViolation& violation : violations_) {
        violation.field = utf8(violation.field);
        violation.description = utf8(violation.description);
    }
}

Error invalid_field(std::string field, std::string description) {
    const std::string message = field + ": " + description;
    return Error(Code::invalid_argument, message,
                 {FieldViolation{std::move(field), std::move(description)}});
}

Error error_of(const std::string& part, const Error& error) {
    return {error.code(), part + ": " + error.what(), error.violations()};
}

} // namespace phyll
