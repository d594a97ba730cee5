#include "drivers/core/readers/csv_rows.hpp"

#include "drivers/core/error.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <utility>

namespace phyll {
namespace {

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
    std::vector<CsvRow> take() {
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
            row_ = CsvRow{};
        }
        const bool second_half = terminator == '\n' && after_return_;
        line_ += second_half ? 0 : 1;
        after_return_ = terminator == '\r';
    }

    std::vector<CsvRow> rows_;
    CsvRow row_;
    std::size_t line_ = 1;
    bool after_return_ = false;
    std::exception_ptr failure_;
};

std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

} // namespace

std::vector<CsvRow> read_csv_rows(std::string_view marked, const std::string& file) {
    const std::string_view text = without_byte_order_mark(marked);
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

std::optional<double> number_in(const std::string& cell) {
    double value = 0.0;
    const char* end = cell.data() + cell.size();
    const auto [stop, error] = std::from_chars(cell.data(), end, value);
    const bool fits = std::abs(value) <= std::numeric_limits<float>::max();
    if (cell.empty() || error != std::errc{} || stop != end || !fits) {
        return std::nullopt;
    }
    return value;
}

} // namespace phyll
