#include "clients/cli/infer_output.hpp"
#include "clients/cli/infer_samples.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/npy_header.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

using namespace phyll;

namespace {

/// A run on a table with the features F1, F2, the label "vowel" and a column that it leaves out.
v1::RunReply run_with(const std::vector<std::string>& features = {"F1", "F2"}) {
    v1::RunReply run;
    run.mutable_info()->set_run(3);
    for (const std::string& name : features) {
        run.mutable_info()->mutable_result()->add_feature_names(name);
    }
    for (const std::string name : {"ae", "iy"}) {
        run.mutable_info()->mutable_result()->add_classes(name);
    }
    run.mutable_spec()->mutable_data()->set_label(std::string("vowel"));
    run.mutable_spec()->mutable_data()->mutable_ignore()->Add(std::string("speaker"));
    return run;
}

std::vector<float> all_of_samples(cli::StimulusSource& source) {
    const auto block = source.next(1000, {});
    REQUIRE(block);
    return {block->view().values().begin(), block->view().values().end()};
}

std::string refusal_of_samples(const std::string& text, const std::string& label = "",
                               const v1::RunReply& run = run_with()) {
    try {
        static_cast<void>(cli::parse_samples(text, "x.csv", run, label));
    } catch (const Error& error) {
        CHECK(error.code() == Code::invalid_argument);
        return error.what();
    }
    return "none";
}

} // namespace

TEST_CASE("columns are features by their names, or in their order") {
    const std::vector<float> expected{1, 2, 3, 4};
    const auto plain = cli::parse_samples("1,2\n3,4\n", "x.csv", run_with(), "");
    CHECK(all_of_samples(*plain.features) == expected);
    CHECK(plain.labels.empty());
    const auto mixed = cli::parse_samples("F2,speaker,vowel,F1\n2,m01,iy,1\n4,w02,ae,3\n", "x.csv",
                                          run_with(), "");
    CHECK(all_of_samples(*mixed.features) == expected);
    CHECK(mixed.labels == std::vector<std::uint32_t>{1, 0});
    // Of data that name no features, and a label of another name.
    const auto pixels =
        cli::parse_samples("0,kind,1\n1,ae,2\n3,iy,4\n", "x.csv", run_with({}), "kind");
    CHECK(all_of_samples(*pixels.features) == expected);
    CHECK(pixels.labels == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("what is wrong with samples is said by line and column, with what is valid") {
    CHECK(refusal_of_samples("") == "x.csv: is empty; one sample per line is needed");
    CHECK(refusal_of_samples("F1,F2\n") ==
          "x.csv: has a header but no rows; one row per sample is needed");
    CHECK(refusal_of_samples("1,2,3\n") ==
          "x.csv, line 1: 3 columns, but the network of run 3 has 2 features: F1, F2; a header "
          "that names them lets others stand beside them");
    CHECK(refusal_of_samples("F1,F9\n1,2\n") ==
          "x.csv: the header must name each feature of run 3 once: 'F9' is unknown, 'F2' is "
          "missing; valid are F1, F2, and 'vowel', the label");
    CHECK(refusal_of_samples("F1,F2\n1,2\n3\n") ==
          "x.csv, line 3: 1 columns, those before it have 2; every row needs as many");
    CHECK(refusal_of_samples("F1,F2\n1,nan\n") ==
          "x.csv, line 2, column F2: 'nan' is no number; a finite number is needed, written like "
          "1234.5 or 1.2345e3");
    CHECK(refusal_of_samples("F1,F2,vowel\n1,2,oo\n") ==
          "x.csv, line 2, column vowel: 'oo' is no class of run 3; valid are ae, iy");
    CHECK(refusal_of_samples("F1,F2\n1,2\n", "kind") ==
          "x.csv: has no column 'kind'; its columns are: F1, F2");
}

TEST_CASE("an array is read as the run's data are") {
    const test::TempDir dir;
    const std::string path = (dir.path() / "x.npy").string();
    std::ofstream(path, std::ios::binary)
        << write_npy_header("|u1", std::array<std::uint64_t, 3>{2, 1, 2}) << "\xff\x33\x01\x02";
    v1::RunReply run = run_with({});
    const auto bytes = cli::open_samples(path, run, "");
    CHECK(all_of_samples(*bytes.features) == std::vector<float>{255, 51, 1, 2});
    run.mutable_spec()->mutable_data()->set_kind(std::string("idx"));
    CHECK(all_of_samples(*cli::open_samples(path, run, "").features).front() == 1.0F);
    CHECK_THROWS_WITH(cli::open_samples(path, run_with(), ""),
                      Catch::Matchers::EndsWith("one of samples x 2 features is expected"));
    CHECK_THROWS_WITH(cli::open_samples(path, run, "kind"),
                      Catch::Matchers::StartsWith("--label: "));
}

TEST_CASE("predictions are written with the names of classes, and numbers where there are none") {
    cli::Predictions predictions;
    predictions.class_names = {"ae", "a,b"};
    v1::InferReply reply;
    reply.add_labels(1);
    reply.add_labels(0);
    reply.set_queries(4);
    reply.mutable_notices()->Add(std::string("another era"));
    const std::vector<float> scores{0.25F, 0.5F, 1.0F, -1.0F};
    predictions.add(reply, ConstBlock(scores.data(), 2, 2));
    CHECK_FALSE(predictions.accuracy());
    predictions.truth = {1, 1};
    CHECK(predictions.accuracy() == 0.5);

    const test::TempDir dir;
    const std::string csv = (dir.path() / "y.csv").string();
    cli::write_predictions(csv, predictions);
    std::ifstream in(csv);
    CHECK(std::string(std::istreambuf_iterator<char>(in), {}) ==
          "class,label,score of ae,\"score of a,b\"\n\"a,b\",\"a,b\",0.25,0.5\nae,\"a,b\",1,-1\n");
    const std::string npy = (dir.path() / "y.npy").string();
    predictions.scores.clear();
    cli::write_predictions(npy, predictions);
    std::ifstream array(npy, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(array), {});
    CHECK(bytes.find("'<i4'") != std::string::npos);
    CHECK(bytes.substr(bytes.size() - 8) == std::string("\1\0\0\0\0\0\0\0", 8));

    predictions.add(reply, {});
    CHECK(predictions.totals.queries() == 8);
    CHECK(predictions.totals.notices_size() == 1); // said once
    CHECK(predictions.name_of(5) == "5");
}
