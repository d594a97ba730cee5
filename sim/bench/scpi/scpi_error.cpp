#include "sim/bench/scpi/scpi_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace phyll::bench {
namespace {

constexpr auto standard = std::to_array<std::pair<int, std::string_view>>({
    {scpi_number::syntax, "Syntax error"},
    {scpi_number::data_type, "Data type error"},
    {scpi_number::parameter_not_allowed, "Parameter not allowed"},
    {scpi_number::missing_parameter, "Missing parameter"},
    {scpi_number::undefined_header, "Undefined header"},
    {scpi_number::suffix_out_of_range, "Header suffix out of range"},
    {scpi_number::numeric_data, "Numeric data error"},
    {scpi_number::string_data, "Invalid string data"},
    {scpi_number::block_data, "Invalid block data"},
    {scpi_number::trigger_ignored, "Trigger ignored"},
    {scpi_number::init_ignored, "Init ignored"},
    {scpi_number::settings_conflict, "Settings conflict"},
    {scpi_number::out_of_range, "Data out of range"},
    {scpi_number::too_much_data, "Too much data"},
    {scpi_number::illegal_parameter, "Illegal parameter value"},
    {scpi_number::stale, "Data corrupt or stale"},
    {scpi_number::mass_storage, "Mass storage error"},
    {scpi_number::no_such_file, "File name not found"},
    {scpi_number::system, "System error"},
    {scpi_number::queue_overflow, "Queue overflow"},
    {scpi_number::query_interrupted, "Query INTERRUPTED"},
});

std::string with_detail(int number, std::string_view detail) {
    const std::string_view words = words_of(number);
    return detail.empty() ? std::string(words) : fmt::format("{};{}", words, detail);
}

} // namespace

ScpiError::ScpiError(int number, std::string_view detail)
    : ScpiError(with_detail(number, detail), number) {}

ScpiError::ScpiError(const std::string& words, int number)
    : Error(Code::invalid_argument, words), number_(number) {}

ScpiError ScpiError::of_maker(int number, const std::string& words) {
    return {words, number};
}

std::string_view words_of(int number) {
    const auto* const found =
        std::ranges::find(standard, number, &std::pair<int, std::string_view>::first);
    if (found != standard.end()) {
        return found->second;
    }
    return number <= -200 ? "Execution error" : "Command error";
}

} // namespace phyll::bench
