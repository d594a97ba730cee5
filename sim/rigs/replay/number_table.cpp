#include "sim/rigs/replay/number_table.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/readers/csv_rows.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace phyll::sim {
namespace {

constexpr std::uint64_t most_text = std::uint64_t{4} << 30U;

/// Neither a number, be it one that is refused later, nor nothing.
bool is_name(const std::string& cell) {
    double number = 0.0;
    const char* end = cell.data() + cell.size();
    return std::from_chars(cell.data(), end, number).ptr != end;
}

bool names_channels(const CsvRow& row) {
    return std::ranges::any_of(row.cells, is_name);
}

void add_row(NumberTable& table, const CsvRow& row, const std::string& name) {
    if (row.cells.size() != table.columns) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}, line {}: {} columns, but the first row has {}", name, row.line,
                                row.cells.size(), table.columns));
    }
    for (std::size_t column = 0; column < table.columns; ++column) {
        const std::optional<double> value = number_in(row.cells[column]);
        if (!value) {
            throw Error(Code::invalid_argument,
                        fmt::format("{}, line {}, column {}: {} is no number; a finite number is "
                                    "needed, written like 1234.5 or 1.2345e3",
                                    name, row.line, column + 1, in_quotes(row.cells[column])));
        }
        table.values.push_back(*value);
    }
    ++table.rows;
}

} // namespace

NumberTable read_number_table(const DataFile& file, const std::string& name, Header header) {
    const std::vector<CsvRow> rows = read_csv_rows(file.text(name, most_text), name);
    NumberTable table;
    table.sha256 = sha256_of(*file.bytes());
    std::size_t before = 0; // rows that are no measurement
    if (!rows.empty()) {
        table.columns = rows.front().cells.size();
        const bool named = header != Header::no && names_channels(rows.front());
        before = named || header == Header::yes ? 1 : 0;
        if (named) {
            table.names = rows.front().cells;
        }
    }
    const std::span<const CsvRow> measured = std::span(rows).subspan(before);
    if (measured.empty()) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{} has no row of numbers; a row for each measurement is needed", name));
    }
    table.values.reserve(measured.size() * table.columns);
    for (const CsvRow& row : measured) {
        add_row(table, row, name);
    }
    return table;
}

} // namespace phyll::sim
