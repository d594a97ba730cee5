#include "infer_samples.hpp"

#include "csv_file.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/csv_rows.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace phyll::cli {
namespace {

using Names = std::vector<std::string>;

/// Names that one message lists.
constexpr std::size_t most_listed = 24;

std::string some_of(const Names& names) {
    const std::size_t shown = std::min(names.size(), most_listed);
    return fmt::format(
        "{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
        shown < names.size() ? fmt::format(", ... ({} in all)", names.size()) : "");
}

[[nodiscard]] Error wrong(const std::string& what) {
    return {Code::invalid_argument, what};
}

/// A table of samples and what its columns are.
class SampleTable {
  public:
    SampleTable(std::vector<CsvRow> rows, const std::string& file, const v1::RunReply& run,
                const std::string& label)
        : file_(file),
          run_(run.info().run()),
          features_(run.info().result().feature_names().begin(),
                    run.info().result().feature_names().end()),
          classes_(run.info().result().classes().begin(), run.info().result().classes().end()),
          label_(label.empty() ? run.spec().data().label() : label),
          ignored_(run.spec().data().ignore().begin(), run.spec().data().ignore().end()),
          rows_(std::move(rows)) {
        if (rows_.empty()) {
            throw wrong(file_ + ": is empty; one sample per line is needed");
        }
        if (is_header(rows_.front().cells)) {
            header_ = rows_.front().cells;
            rows_.erase(rows_.begin());
            match();
        } else {
            count();
        }
        if (rows_.empty()) {
            throw wrong(file_ + ": has a header but no rows; one row per sample is needed");
        }
        if (!label.empty() && !label_column_) {
            throw wrong(fmt::format("{}: has no column {}; its columns are: {}", file_,
                                    in_quotes(label), some_of(header_)));
        }
    }

    AskedSamples read() const {
        OwnedBlock features(columns_.size(), rows_.size());
        AskedSamples out;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const CsvRow& row = rows_[i];
            if (row.cells.size() != width_) {
                throw wrong(fmt::format("{}, line {}: {} columns, those before it have {}; every "
                                        "row needs as many",
                                        file_, row.line, row.cells.size(), width_));
            }
            for (std::size_t column = 0; column < width_; ++column) {
                if (const auto place = columns_.find(column); place != columns_.end()) {
                    features.sample(i)[place->second] = number(row, column);
                }
            }
            if (label_column_ && !classes_.empty()) {
                out.labels.push_back(class_of(row));
            }
        }
        out.features = source_of(std::move(features));
        return out;
    }

  private:
    [[nodiscard]] bool is_header(const Names& cells) const {
        const auto names = [&](const std::string& name) {
            return std::ranges::find(cells, name) != cells.end();
        };
        return std::ranges::none_of(cells,
                                    [](const auto& cell) { return number_in(cell).has_value(); }) ||
               (!label_.empty() && names(label_)) ||
               (!features_.empty() && std::ranges::all_of(features_, names));
    }

    /// Without a header.
    void count() {
        width_ = rows_.front().cells.size();
        if (!features_.empty() && width_ != features_.size()) {
            throw wrong(fmt::format("{}, line {}: {} columns, but the network of run {} has {} "
                                    "features: {}; a header that names them lets others stand "
                                    "beside them",
                                    file_, rows_.front().line, width_, run_, features_.size(),
                                    some_of(features_)));
        }
        for (std::size_t column = 0; column < width_; ++column) {
            columns_.emplace(column, column);
        }
    }

    void match() {
        width_ = header_.size();
        Names problems;
        std::set<std::string> named;
        for (std::size_t column = 0; column < width_; ++column) {
            const std::string& name = header_[column];
            if (!named.insert(name).second) {
                problems.push_back(in_quotes(name) + " is there twice");
            } else if (name == label_) {
                label_column_ = column;
            } else if (std::ranges::find(ignored_, name) != ignored_.end()) {
                continue;
            } else if (features_.empty()) {
                columns_.emplace(column, columns_.size());
            } else if (const auto feature = std::ranges::find(features_, name);
                       feature != features_.end()) {
                columns_.emplace(column, static_cast<std::size_t>(feature - features_.begin()));
            } else {
                problems.push_back(in_quotes(name) + " is unknown");
            }
        }
        for (const std::string& feature : features_) {
            if (!named.contains(feature)) {
                problems.push_back(in_quotes(feature) + " is missing");
            }
        }
        if (!problems.empty()) {
            throw wrong(fmt::format(
                "{}: the header must name each feature of run {} once: {}; "
                "valid are {}{}",
                file_, run_, some_of(problems), some_of(features_),
                label_.empty() ? "" : fmt::format(", and {}, the label", in_quotes(label_))));
        }
    }

    [[nodiscard]] std::string place(const CsvRow& row, std::size_t column) const {
        return fmt::format("{}, line {}, column {}", file_, row.line,
                           header_.empty() ? std::to_string(column + 1) : header_[column]);
    }

    [[nodiscard]] float number(const CsvRow& row, std::size_t column) const {
        const std::string& cell = row.cells[column];
        const std::optional<double> value = number_in(cell);
        if (!value) {
            throw wrong(fmt::format(
                "{}: {}; a finite number is needed, written like 1234.5 or 1.2345e3",
                place(row, column),
                cell.empty() ? "the cell is empty" : in_quotes(cell) + " is no number"));
        }
        return static_cast<float>(*value);
    }

    [[nodiscard]] std::uint32_t class_of(const CsvRow& row) const {
        const std::string& cell = row.cells[*label_column_];
        const auto found = std::ranges::find(classes_, cell);
        if (found == classes_.end()) {
            throw wrong(fmt::format("{}: {} is no class of run {}; valid are {}",
                                    place(row, *label_column_), in_quotes(cell), run_,
                                    some_of(classes_)));
        }
        return static_cast<std::uint32_t>(found - classes_.begin());
    }

    std::string file_;
    std::uint64_t run_;
    Names features_; ///< of the data set; none: it does not name them
    Names classes_;
    std::string label_;
    Names ignored_;
    Names header_; ///< empty: there is none
    std::vector<CsvRow> rows_;
    std::size_t width_ = 0;                      ///< columns of a row
    std::map<std::size_t, std::size_t> columns_; ///< the feature of each column that has one
    std::optional<std::size_t> label_column_;
};

} // namespace

AskedSamples parse_samples(const std::string& text, const std::string& file,
                           const v1::RunReply& run, const std::string& label) {
    return SampleTable(read_csv_rows(text, file), file, run, label).read();
}

AskedSamples open_samples(const std::string& path, const v1::RunReply& run,
                          const std::string& label) {
    if (!path.ends_with(".npy")) {
        return parse_samples(read_text(path), path == "-" ? "standard input" : path, run, label);
    }
    if (!label.empty()) {
        throw invalid_field("--label", "an array has no columns with names; a CSV file has");
    }
    ArrayUse use{.what = "features"};
    if (const int features = run.info().result().feature_names_size(); features > 0) {
        use.channels = static_cast<std::size_t>(features);
    }
    const v1::DataSpec& data = run.spec().data();
    if (data.kind() == "idx" || data.kind() == "numpy") {
        use.scale_of_bytes = data.has_scale() ? data.scale() : 1.0 / 255.0;
        use.scale = data.has_scale() && data.kind() == "numpy" ? data.scale() : 1.0;
    }
    return {.features = open_array(path, use)};
}

} // namespace phyll::cli
