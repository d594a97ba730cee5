#include "daemon/training/data/csv.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/readers/csv_rows.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

/// Which column is what.
struct Columns {
    std::vector<std::string> names;
    std::size_t label = 0;
    std::vector<std::size_t> features;
};

std::size_t find_column(const std::vector<std::string>& names, std::string_view wanted,
                        const std::string& file, const std::string& field) {
    const auto found = std::find(names.begin(), names.end(), wanted);
    if (found == names.end()) {
        const std::string what = fmt::format("{} has no column {}; its columns are: {}", file,
                                             in_quotes(wanted), fmt::join(names, ", "));
        throw Error(Code::not_found, what, {FieldViolation{.field = field, .description = what}});
    }
    return static_cast<std::size_t>(found - names.begin());
}

Columns assign_columns(const CsvRow& header, const std::string& file, std::string_view label_column,
                       std::span<const std::string> ignored) {
    Columns columns{.names = header.cells, .label = 0, .features = {}};
    std::set<std::string> distinct;
    for (const std::string& name : columns.names) {
        if (!distinct.insert(name).second) {
            throw Error(Code::invalid_argument,
                        fmt::format("{}, line {}: two columns are called {}; names must differ",
                                    file, header.line, in_quotes(name)));
        }
    }
    columns.label = find_column(columns.names, label_column, file, "data.label");
    std::set<std::size_t> left_out{columns.label};
    for (std::size_t i = 0; i < ignored.size(); ++i) {
        left_out.insert(
            find_column(columns.names, ignored[i], file, fmt::format("data.ignore[{}]", i)));
    }
    for (std::size_t i = 0; i < columns.names.size(); ++i) {
        if (!left_out.contains(i)) {
            columns.features.push_back(i);
        }
    }
    if (columns.features.empty()) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}: no column is left as a feature beside the label and the "
                                "ignored ones",
                                file));
    }
    return columns;
}

float parse_number(const std::string& text, const std::string& file, std::size_t line,
                   const std::string& column) {
    const std::optional<double> value = number_in(text);
    if (!value) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{}, line {}, column {}: {}; a finite number is needed, written "
                        "like 1234.5 or 1.2345e3, or data.ignore leaves the column out",
                        file, line, column,
                        text.empty() ? "the cell is empty" : in_quotes(text) + " is no number"));
    }
    return static_cast<float>(*value);
}

void check_shape(const CsvRow& row, const Columns& columns, const std::string& file) {
    if (row.cells.size() != columns.names.size()) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}, line {}: {} columns, but the header has {}; every row needs "
                                "as many as the header",
                                file, row.line, row.cells.size(), columns.names.size()));
    }
    if (row.cells[columns.label].empty()) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}, line {}, column {}: the cell is empty; the name of a class is "
                                "needed",
                                file, row.line, columns.names[columns.label]));
    }
}

/// Fills in classes and labels; classes come sorted by name.
void assign_labels(DataSet& data, std::span<const CsvRow> rows, const Columns& columns) {
    const std::string& column = columns.names[columns.label];
    std::map<std::string, std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        members[rows[i].cells[columns.label]].push_back(i);
    }
    if (members.size() < 2) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}, column {}: every row is of class {}; at least two classes "
                                "are needed",
                                data.name, column, in_quotes(members.begin()->first)));
    }
    data.labels.resize(rows.size());
    for (const auto& [name, indices] : members) {
        if (indices.size() < 2) {
            throw Error(Code::invalid_argument,
                        fmt::format("{}, line {}, column {}: class {} has only one sample; at "
                                    "least two are needed, one to learn from and one for the test",
                                    data.name, rows[indices.front()].line, column,
                                    in_quotes(name)));
        }
        for (const std::size_t i : indices) {
            data.labels[i] = static_cast<std::uint32_t>(data.class_names.size());
        }
        data.class_names.push_back(name);
    }
    data.label_entries = data.classes();
}

} // namespace

DataSet parse_csv(std::string_view text, const std::string& file, std::string_view label_column,
                  std::span<const std::string> ignored) {
    const std::vector<CsvRow> table = read_csv_rows(text, file);
    if (table.empty()) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{} is empty; a header row with the names of the columns is needed", file));
    }
    const Columns columns = assign_columns(table.front(), file, label_column, ignored);
    const std::span<const CsvRow> rows = std::span(table).subspan(1);
    if (rows.empty()) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} has a header but no rows; one row per sample is needed", file));
    }

    DataSet data;
    data.name = file;
    OwnedBlock inputs(columns.features.size(), rows.size());
    for (const std::size_t column : columns.features) {
        data.feature_names.push_back(columns.names[column]);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        check_shape(rows[i], columns, file);
        for (std::size_t f = 0; f < columns.features.size(); ++f) {
            const std::size_t column = columns.features[f];
            inputs.sample(i)[f] =
                parse_number(rows[i].cells[column], file, rows[i].line, columns.names[column]);
        }
    }
    data.inputs = Samples(std::move(inputs));
    assign_labels(data, rows, columns);
    return data;
}

} // namespace phyll::training
