#include "daemon/training/data/csv.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <csv.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

struct Row {
    std::size_t line = 0; ///< where it begins, counted from 1
    std::vector<std::string> cells;
};

/// Collects what libcsv reports. Its callbacks are called from C, so nothing may be thrown through
/// them: an exception waits in `failure_`.
class RowCollector {
  public:
    static void on_cell(void* text, std::size_t size, void* self) {
        static_cast<RowCollector*>(self)->guarded(
            [&](RowCollector& c) { c.cell({static_cast<const char*>(text), size}); });
    }
    static void on_line_end(int terminator, void* self) {
        static_cast<RowCollector*>(self)->guarded([&](RowCollector& c) { c.line_end(terminator); });
    }

    [[nodiscard]] std::size_t line() const noexcept { return line_; }
    std::vector<Row> take() {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return std::move(rows_);
    }

  private:
    template <class F>
    void guarded(F&& step) noexcept {
        try {
            if (!failure_) {
                step(*this);
            }
        } catch (...) {
            failure_ = std::current_exception();
        }
    }

    void cell(std::string_view text) {
        if (row_.cells.empty()) {
            row_.line = line_;
        }
        row_.cells.emplace_back(text);
        line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        after_return_ = false;
    }

    /// Called for every line end, also of blank lines; "\r\n" comes as two.
    void line_end(int terminator) {
        if (!row_.cells.empty()) {
            rows_.push_back(std::move(row_));
            row_ = Row{};
        }
        const bool second_half = terminator == '\n' && after_return_;
        line_ += second_half ? 0 : 1;
        after_return_ = terminator == '\r';
    }

    std::vector<Row> rows_;
    Row row_;
    std::size_t line_ = 1;
    bool after_return_ = false;
    std::exception_ptr failure_;
};

std::vector<Row> read_rows(std::string_view text, const std::string& file) {
    csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
        throw Error(Code::internal, "libcsv did not start");
    }
    const std::unique_ptr<csv_parser, decltype(&csv_free)> cleanup(&parser, csv_free);
    RowCollector collector;
    const bool ok =
        csv_parse(&parser, text.data(), text.size(), RowCollector::on_cell,
                  RowCollector::on_line_end, &collector) == text.size() &&
        csv_fini(&parser, RowCollector::on_cell, RowCollector::on_line_end, &collector) == 0;
    if (!ok) {
        throw Error(Code::invalid_argument,
                    fmt::format("{}, line {}: {}; a value that holds a quote or a comma is written "
                                "in double quotes, with quotes inside doubled",
                                file, collector.line(), csv_strerror(csv_error(&parser))));
    }
    return collector.take();
}

std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

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

Columns assign_columns(const Row& header, const std::string& file, std::string_view label_column,
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
    double value = 0.0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    const bool fits = std::abs(value) <= std::numeric_limits<float>::max();
    if (text.empty() || error != std::errc{} || stop != end || !fits) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{}, line {}, column {}: {}; a finite number is needed, written "
                        "like 1234.5 or 1.2345e3, or data.ignore leaves the column out",
                        file, line, column,
                        text.empty() ? "the cell is empty" : in_quotes(text) + " is no number"));
    }
    return static_cast<float>(value);
}

void check_shape(const Row& row, const Columns& columns, const std::string& file) {
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
void assign_labels(DataSet& data, std::span<const Row> rows, const Columns& columns) {
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
    const std::vector<Row> table = read_rows(without_byte_order_mark(text), file);
    if (table.empty()) {
        throw Error(
            Code::invalid_argument,
            fmt::format("{} is empty; a header row with the names of the columns is needed", file));
    }
    const Columns columns = assign_columns(table.front(), file, label_column, ignored);
    const std::span<const Row> rows = std::span(table).subspan(1);
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
