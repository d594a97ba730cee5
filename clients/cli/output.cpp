#include "output.hpp"

#include "drivers/core/hex.hpp"
#include "drivers/core/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <ctime>
#include <map>
#include <string_view>

namespace phyll::cli {
namespace {

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) {
        return c == '_' ? ' ' : static_cast<char>(std::tolower(c));
    });
    return out;
}

} // namespace

void Table::print(std::ostream& out, const std::string& indent) const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_) {
        for (std::size_t k = 0; k < row.size(); ++k) {
            widths[k] = std::max(widths[k], row[k].size());
        }
    }
    for (const auto& row : rows_) {
        std::string line = indent;
        for (std::size_t k = 0; k < row.size(); ++k) {
            line += k + 1 < row.size() ? fmt::format("{:<{}}  ", row[k], widths[k]) : row[k];
        }
        out << line << '\n';
    }
}

std::string count(std::uint64_t number) {
    return with_thousands(number);
}

std::string numbers_in_words(std::span<const std::uint64_t> numbers) {
    if (numbers.size() > 1 && numbers.back() - numbers.front() + 1 == numbers.size()) {
        return fmt::format("{} to {}", numbers.front(), numbers.back());
    }
    return fmt::format("{}", fmt::join(numbers, ", "));
}

std::string in_hexadecimal(const std::string& bytes) {
    return to_hex(std::as_bytes(std::span(bytes)));
}

std::string megabytes(std::uint64_t bytes) {
    const auto number = static_cast<double>(bytes);
    return bytes < 1000        ? fmt::format("{} bytes", bytes)
           : bytes < 1'000'000 ? fmt::format("{:.1f} kB", number / 1e3)
                               : fmt::format("{:.1f} MB", number / 1e6);
}

std::string duration(double seconds) {
    if (seconds > 0 && seconds < 0.0005) {
        return "under 1 ms";
    }
    if (seconds < 0.9995) {
        return fmt::format("{:.0f} ms", seconds * 1e3);
    }
    if (seconds < 9.95) {
        return fmt::format("{:.1f} s", seconds);
    }
    const auto whole = std::lround(seconds);
    if (whole < 60) {
        return fmt::format("{} s", whole);
    }
    if (whole < 3600) {
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    }
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string short_duration(double seconds) {
    if (seconds >= 1.0) {
        return duration(seconds);
    }
    return seconds < 1e-3 ? fmt::format("{:.3g} us", seconds * 1e6)
                          : fmt::format("{:.3g} ms", seconds * 1e3);
}

std::string percent(double fraction) {
    return fmt::format("{:.1f} %", 100.0 * fraction);
}

std::string local_time(double seconds_since_1970) {
    if (seconds_since_1970 <= 0) {
        return "-";
    }
    const auto time = static_cast<std::time_t>(seconds_since_1970);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(time));
}

std::string name_of(v1::RunState state) {
    return state == v1::RUN_CANCELLED ? "cancelled" : lower_case(v1::RunState_Name(state));
}

std::string name_of(v1::RunKind kind) {
    return kind == v1::CLIENT ? "client's own" : kind == v1::RECORDING ? "recording" : "training";
}

std::string name_of(v1::Evidence evidence) {
    switch (evidence) {
    case v1::EVIDENCE_UNSPECIFIED:
        return "none: no physics took part";
    case v1::REPLAY_TWIN:
        return "replay (twin)";
    default:
        return lower_case(v1::Evidence_Name(evidence));
    }
}

std::string name_of(v1::Health::State state) {
    return lower_case(v1::Health::State_Name(state));
}

std::string name_of(v1::Calibration::State state) {
    return lower_case(v1::Calibration::State_Name(state));
}

std::string name_of(v1::InstrumentInfo::State state) {
    return lower_case(v1::InstrumentInfo::State_Name(state));
}

std::string identity_of(const v1::InstrumentInfo& instrument) {
    if (instrument.model().empty()) {
        return {};
    }
    return fmt::format("{} {}, serial {}", instrument.maker(), instrument.model(),
                       instrument.serial());
}

std::string control_name(const std::string& kind) {
    static const std::map<std::string, std::string> names{
        {"without_physics", "without physics"},
        {"random_features", "random features in its place"},
        {"physics_only", "physics only"},
        {"ridge_inputs", "ridge on the inputs"},
        {"softmax_inputs", "softmax on the inputs"},
        {"ridge_responses", "ridge on the responses"},
        {"softmax_responses", "softmax on the responses"},
    };
    const auto found = names.find(kind);
    return found == names.end() ? kind : found->second;
}

} // namespace phyll::cli
