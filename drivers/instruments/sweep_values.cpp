#include "drivers/instruments/sweep_values.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/scpi_session.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <optional>

namespace phyll::instruments {
namespace {

/// What a frequency that is printed may be off by.
constexpr double printed = 1e-5;

void require_points(std::size_t count, const VnaSetup& setup) {
    if (count != setup.points) {
        throw Error(Code::data_loss,
                    fmt::format("{} points came of a sweep of {}", count, setup.points));
    }
}

void require_finite(const SweepValues& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i].real()) || !std::isfinite(values[i].imag())) {
            throw Error(Code::data_loss, fmt::format("point {} of a sweep is no number", i + 1));
        }
    }
}

template <class Real>
SweepValues numbers_in(std::span<const std::byte> block) {
    SweepValues values(block.size() / (2 * sizeof(Real)));
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::array<Real, 2> parts{};
        std::memcpy(parts.data(), block.data() + i * sizeof parts, sizeof parts);
        values[i] = {static_cast<float>(parts[0]), static_cast<float>(parts[1])};
    }
    return values;
}

/// Takes the three numbers of the next tuple off the text; nothing when there is none.
std::optional<std::array<double, 3>> next_tuple(std::string_view& text) {
    std::array<double, 3> numbers{};
    if (!text.starts_with('[')) {
        return std::nullopt;
    }
    text.remove_prefix(1);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::size_t end = text.find(i + 1 < numbers.size() ? ',' : ']');
        const auto value = number_in(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos || !value) {
            return std::nullopt;
        }
        numbers[i] = *value;
        text.remove_prefix(end + 1);
    }
    if (text.starts_with(',')) {
        text.remove_prefix(1);
    }
    return numbers;
}

} // namespace

SweepValues from_block(std::span<const std::byte> block, bool is_double, const VnaSetup& setup) {
    const std::size_t size = 2 * (is_double ? sizeof(double) : sizeof(float));
    if (block.size() % size != 0) {
        throw Error(Code::data_loss,
                    fmt::format("a block of {} bytes is no sequence of pairs", block.size()));
    }
    SweepValues values = is_double ? numbers_in<double>(block) : numbers_in<float>(block);
    require_points(values.size(), setup);
    require_finite(values);
    return values;
}

SweepValues from_tuples(std::string_view text, const VnaSetup& setup) {
    SweepValues values;
    std::string_view rest = trimmed(text);
    while (!rest.empty()) {
        const auto tuple = next_tuple(rest);
        if (!tuple) {
            throw Error(
                Code::data_loss,
                fmt::format("{} is no sequence of [frequency,real,imaginary]", in_quotes(text)));
        }
        const double wanted = setup.frequency(values.size()).value;
        if (std::abs((*tuple)[0] - wanted) > printed * wanted) {
            throw Error(Code::data_loss,
                        fmt::format("point {} of a sweep is at {:g} Hz instead of {:g} Hz",
                                    values.size() + 1, (*tuple)[0], wanted));
        }
        values.emplace_back(static_cast<float>((*tuple)[1]), static_cast<float>((*tuple)[2]));
    }
    require_points(values.size(), setup);
    require_finite(values);
    return values;
}

} // namespace phyll::instruments
