#include "sim/bench/scpi/call.hpp"

#include "sim/bench/scpi/header_pattern.hpp"
#include "sim/bench/scpi/scpi_error.hpp"

#include <charconv>
#include <cmath>

namespace phyll::bench {
namespace {

double read_number(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) {
        throw ScpiError(scpi_number::out_of_range);
    }
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
        throw ScpiError(scpi_number::numeric_data);
    }
    return value;
}

} // namespace

const Parameter& Call::at(std::size_t i) const {
    if (i >= command_.parameters.size()) {
        throw ScpiError(scpi_number::missing_parameter);
    }
    return command_.parameters[i];
}

double Call::number(std::size_t i, NumberRange range) const {
    const Parameter& parameter = at(i);
    if (parameter.kind != Parameter::Kind::plain) {
        throw ScpiError(scpi_number::data_type);
    }
    if (is(i, "MINimum")) {
        return range.least;
    }
    if (is(i, "MAXimum")) {
        return range.most;
    }
    const double value = read_number(parameter.value);
    if (value < range.least || value > range.most) {
        throw ScpiError(scpi_number::out_of_range);
    }
    return value;
}

std::size_t Call::whole(std::size_t i, std::size_t least, std::size_t most) const {
    const double value = number(i, {static_cast<double>(least), static_cast<double>(most)});
    return static_cast<std::size_t>(std::llround(value));
}

bool Call::boolean(std::size_t i) const {
    if (is(i, "ON")) {
        return true;
    }
    if (is(i, "OFF")) {
        return false;
    }
    const Parameter& parameter = at(i);
    if (parameter.kind != Parameter::Kind::plain) {
        throw ScpiError(scpi_number::data_type);
    }
    return std::round(read_number(parameter.value)) != 0.0;
}

std::size_t Call::choice(std::size_t i, const std::vector<std::string>& keywords) const {
    for (std::size_t k = 0; k < keywords.size(); ++k) {
        if (is(i, keywords[k])) {
            return k;
        }
    }
    throw ScpiError(scpi_number::illegal_parameter);
}

bool Call::is(std::size_t i, std::string_view keyword) const {
    const Parameter& parameter = at(i);
    return parameter.kind == Parameter::Kind::plain && is_keyword(parameter.value, keyword);
}

std::string Call::text(std::size_t i) const {
    const Parameter& parameter = at(i);
    if (parameter.kind == Parameter::Kind::block) {
        throw ScpiError(scpi_number::data_type);
    }
    std::string text;
    bool doubled = false;
    for (const char c : parameter.value) {
        const bool quote = parameter.kind == Parameter::Kind::text && (c == '"' || c == '\'');
        if (quote && !doubled && !text.empty() && text.back() == c) {
            doubled = true;
            continue;
        }
        doubled = false;
        text += c;
    }
    return text;
}

std::string_view Call::block(std::size_t i) const {
    const Parameter& parameter = at(i);
    if (parameter.kind != Parameter::Kind::block) {
        throw ScpiError(scpi_number::block_data);
    }
    return parameter.value;
}

bool Call::is_block(std::size_t i) const {
    return at(i).kind == Parameter::Kind::block;
}

} // namespace phyll::bench
