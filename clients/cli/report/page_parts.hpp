#pragma once

#include "clients/cli/chart.hpp"
#include "clients/cli/report/facts.hpp"

#include <string>
#include <utility>
#include <vector>

// The parts of a report's page, each as markup.
namespace phyll::cli {

/// A table with a row of headings; texts are escaped.
class MarkupTable {
  public:
    /// narrow: to the left, and as narrow as it can be.
    enum class Align { left, right, narrow };
    struct Column {
        std::string heading;
        Align align = Align::left;
    };
    explicit MarkupTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// `mark`: the row stands out.
    void add(const std::vector<std::string>& cells, bool mark = false);
    /// The same, whose last cell is markup.
    void add_with_picture(const std::vector<std::string>& cells, const std::string& picture,
                          bool mark);
    [[nodiscard]] std::string take() const;

  private:
    void open_row(bool mark);
    void add_cell(std::size_t column, const std::string& markup);

    std::vector<Column> columns_;
    std::string rows_;
};

/// Names and what they are, in two columns.
[[nodiscard]] std::string facts_list(const std::vector<std::pair<std::string, std::string>>& facts);
/// A section under its heading.
[[nodiscard]] std::string section(const std::string& heading, const std::string& content);
[[nodiscard]] std::string paragraph(const std::string& text, const char* kind = "");

/// A picture of half the page's width, or of the whole.
enum class Width { half, whole };
[[nodiscard]] std::string figure(const Chart& chart, double height, Width width = Width::half);
/// Facts beside each other, above what they are beside.
struct Tile {
    std::string name;
    std::string value;
    std::string more{};
};
[[nodiscard]] std::string tiles(const std::vector<Tile>& facts);

/// The confusion matrix of a result whose judgement `is_whole`.
[[nodiscard]] std::string confusion_figure(const v1::RunResult& result);

/// What the run is, its accuracy, and what that is to be held against.
[[nodiscard]] std::string headline_part(const RunFacts& facts);
/// What the other seeds of its group came to; empty where there are none.
[[nodiscard]] std::string seeds_part(const RunFacts& facts);
/// Curves, confusion, goodness.
[[nodiscard]] std::string figures_part(const RunFacts& facts);
/// Queries by layer.
[[nodiscard]] std::string queries_part(const RunFacts& facts);
/// Sentinels and eras, with a picture of each rig's; events of note.
[[nodiscard]] std::string drift_part(const RunFacts& facts);
[[nodiscard]] std::string events_part(const RunFacts& facts);
/// The run's settings, its rigs, versions and hashes, the run file.
[[nodiscard]] std::string settings_part(const RunFacts& facts);
[[nodiscard]] std::string rigs_part(const RunFacts& facts);
[[nodiscard]] std::string provenance_part(const RunFacts& facts);
[[nodiscard]] std::string run_file_part(const RunFacts& facts);

} // namespace phyll::cli
