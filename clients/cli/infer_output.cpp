#include "infer_output.hpp"

#include "csv_file.hpp"
#include "drivers/core/readers/npy_header.hpp"
#include "file_aside.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iostream>
#include <span>

namespace phyll::cli {
namespace {

std::span<const float> scores_of(const Predictions& predictions, std::size_t sample) {
    const std::size_t classes = predictions.classes();
    return std::span(predictions.scores).subspan(sample * classes, classes);
}

bool knows_truth(const Predictions& predictions) {
    return !predictions.truth.empty();
}

std::string csv_of(const Predictions& predictions) {
    std::string text = knows_truth(predictions) ? "class,label" : "class";
    for (std::size_t k = 0; k < predictions.classes(); ++k) {
        text += "," + csv_field("score of " + predictions.name_of(static_cast<std::uint32_t>(k)));
    }
    text += "\n";
    for (std::size_t i = 0; i < predictions.labels.size(); ++i) {
        text += csv_field(predictions.name_of(predictions.labels[i]));
        if (knows_truth(predictions)) {
            text += "," + csv_field(predictions.name_of(predictions.truth[i]));
        }
        for (const float score : scores_of(predictions, i)) {
            text += fmt::format(",{}", score);
        }
        text += "\n";
    }
    return text;
}

void write_array(FileAside& file, const Predictions& predictions) {
    if (!predictions.scores.empty()) {
        file.write(write_npy_header(
            "<f4", std::array<std::uint64_t, 2>{predictions.labels.size(), predictions.classes()}));
        file.write(std::as_bytes(std::span(predictions.scores)));
        return;
    }
    file.write(write_npy_header("<i4", std::array<std::uint64_t, 1>{predictions.labels.size()}));
    file.write(std::as_bytes(std::span(predictions.labels)));
}

} // namespace

void Predictions::add(const v1::InferReply& reply, ConstBlock scores_of_reply) {
    labels.insert(labels.end(), reply.labels().begin(), reply.labels().end());
    scores.insert(scores.end(), scores_of_reply.values().begin(), scores_of_reply.values().end());
    totals.set_queries(totals.queries() + reply.queries());
    totals.set_saved_queries(totals.saved_queries() + reply.saved_queries());
    totals.set_hardware_seconds(totals.hardware_seconds() + reply.hardware_seconds());
    totals.set_clipped(totals.clipped() + reply.clipped());
    totals.set_encoded(totals.encoded() + reply.encoded());
    totals.set_clamped(totals.clamped() + reply.clamped());
    totals.set_evidence(reply.evidence());
    for (const std::string& notice : reply.notices()) {
        if (std::ranges::find(totals.notices(), notice) == totals.notices().end()) {
            totals.mutable_notices()->Add(std::string(notice));
        }
    }
}

std::string Predictions::name_of(std::uint32_t label) const {
    return label < class_names.size() ? class_names[label] : std::to_string(label);
}

std::optional<double> Predictions::accuracy() const {
    if (truth.size() < labels.size() || labels.empty()) {
        return std::nullopt;
    }
    std::size_t hits = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        hits += labels[i] == truth[i] ? 1 : 0;
    }
    return static_cast<double>(hits) / static_cast<double>(labels.size());
}

void print_table(const Predictions& predictions, std::ostream& out) {
    std::vector<std::string> header{"SAMPLE", "CLASS"};
    if (knows_truth(predictions)) {
        header.emplace_back("LABEL");
    }
    for (std::size_t k = 0; k < predictions.classes(); ++k) {
        header.push_back(predictions.name_of(static_cast<std::uint32_t>(k)));
    }
    Table table(header);
    for (std::size_t i = 0; i < predictions.labels.size(); ++i) {
        std::vector<std::string> row{std::to_string(i), predictions.name_of(predictions.labels[i])};
        if (knows_truth(predictions)) {
            row.push_back(predictions.name_of(predictions.truth[i]));
        }
        for (const float score : scores_of(predictions, i)) {
            row.push_back(fmt::format("{:.3f}", score));
        }
        table.add(row);
    }
    table.print(out);
}

void print_json(const Predictions& predictions, std::ostream& out) {
    for (std::size_t i = 0; i < predictions.labels.size(); ++i) {
        nlohmann::json line{{"event", "sample"},
                            {"sample", i},
                            {"class", predictions.name_of(predictions.labels[i])}};
        if (knows_truth(predictions)) {
            line["label"] = predictions.name_of(predictions.truth[i]);
        }
        std::uint32_t k = 0;
        for (const float score : scores_of(predictions, i)) {
            line["scores"][predictions.name_of(k++)] = score;
        }
        out << line.dump() << '\n';
    }
}

void write_predictions(const std::string& path, const Predictions& predictions) {
    if (path == "-") {
        std::cout << csv_of(predictions) << std::flush;
        return;
    }
    FileAside file(path);
    if (path.ends_with(".npy")) {
        write_array(file, predictions);
    } else {
        file.write(csv_of(predictions));
    }
    file.finish();
}

} // namespace phyll::cli
