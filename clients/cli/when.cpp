#include "when.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

namespace phyll::cli {
namespace {

std::optional<int> digits(std::string_view text) {
    return text.starts_with('-') ? std::nullopt : number_of<int>(text);
}

/// Reads "YYYY-MM-DD", "YYYY-MM-DDThh:mm" or "YYYY-MM-DDThh:mm:ss".
std::optional<double> date(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00";
    if (text.size() != 10 && text.size() != 16 && text.size() != 19) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == '0' ? !digit : text[i] != form[i]) {
            return std::nullopt;
        }
    }
    const auto part = [&](std::size_t first, std::size_t size) {
        return first < text.size() ? digits(text.substr(first, size)).value_or(0) : 0;
    };
    std::tm time{};
    time.tm_year = part(0, 4) - 1900;
    time.tm_mon = part(5, 2) - 1;
    time.tm_mday = part(8, 2);
    time.tm_hour = part(11, 2);
    time.tm_min = part(14, 2);
    time.tm_sec = part(17, 2);
    time.tm_isdst = -1;
    if (time.tm_hour > 23 || time.tm_min > 59 || time.tm_sec > 59) {
        return std::nullopt;
    }
    const std::tm asked = time;
    const std::time_t seconds = std::mktime(&time);
    // The 30th of February has become another day.
    if (time.tm_mon != asked.tm_mon || time.tm_mday != asked.tm_mday) {
        return std::nullopt;
    }
    return static_cast<double>(seconds);
}

std::optional<double> ago(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, double>, 3> units{
        {{"min", 60.0}, {"h", 3600.0}, {"d", 86400.0}}};
    for (const auto& [unit, seconds] : units) {
        if (text.ends_with(unit)) {
            const auto number = digits(text.substr(0, text.size() - unit.size()));
            return number ? std::optional(*number * seconds) : std::nullopt;
        }
    }
    return std::nullopt;
}

} // namespace

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

double parse_when(const std::string& option, const std::string& text, double now) {
    if (const auto at = date(text)) {
        return *at;
    }
    if (const auto before = ago(text)) {
        return now - *before;
    }
    throw invalid_field(
        option, fmt::format("{} is no time; valid is a date (2026-11-24), a time of this "
                            "machine's clock (2026-11-24T10:00) or how long ago (90min, 2h, 3d)",
                            in_quotes(text)));
}

} // namespace phyll::cli
