#include "daemon/training/data/load.hpp"
#include "daemon/training/data/numpy.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/data_files.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;
using test::npy;
using test::npy_with_header;
using test::raw;

namespace {

Samples samples_of(const std::string& content, std::optional<double> scale = std::nullopt) {
    return read_npy_samples(*open_stream(content, "a.npy"), scale);
}

RawLabels labels_of(const std::string& content) {
    return read_npy_labels(*open_stream(content, "a.npy"));
}

std::vector<std::int64_t> numbers_of(const std::string& content) {
    return std::get<std::vector<std::int64_t>>(labels_of(content));
}
std::vector<std::string> texts_of(const std::string& content) {
    return std::get<std::vector<std::string>>(labels_of(content));
}

template <class Read>
std::string complaint(Read read, const std::string& content) {
    try {
        static_cast<void>(read(content));
    } catch (const Error& error) {
        CHECK(error.code() == Code::invalid_argument);
        return error.what();
    }
    return "accepted";
}

std::string complaint(const std::string& content) {
    return complaint([](const std::string& c) { return samples_of(c); }, content);
}
std::string label_complaint(const std::string& content) {
    return complaint(labels_of, content);
}

using Files = std::map<std::string, std::string>;

SplitData load(const v1::DataSpec& spec, const Files& files) {
    return load_data(spec, 1, [&](const std::string& path) {
        const auto found = files.find(path);
        if (found == files.end()) {
            throw Error(Code::not_found, "no file " + path);
        }
        return DataFile(found->second);
    });
}

v1::DataSpec spec_of(const std::string& file) {
    v1::DataSpec spec;
    spec.set_kind("numpy");
    spec.set_file(file);
    spec.set_test_fraction(0.5);
    return spec;
}

std::string x4() {
    return npy("<f4", "(4, 2)", raw<float>({1, 2, 3, 4, 5, 6, 7, 8}));
}
std::string y4() {
    return npy("<i8", "(4,)", raw<std::int64_t>({5, -1, 5, -1}));
}
std::string x2() {
    return npy("<f4", "(2, 2)", raw<float>({9, 10, 11, 12}));
}
std::string y2() {
    return npy("|u1", "(2,)", raw<std::uint8_t>({5, 5}));
}

/// A full archive without test arrays.
std::string npz4() {
    return test::zip({{"x.npy", x4()}, {"y.npy", y4()}});
}

} // namespace

TEST_CASE("arrays of every number are read as they are") {
    const std::vector<float> expected{1, 2, 3};
    CHECK(samples_of(npy("<f4", "(2, 3)", raw<float>({0, 0, 0, 1, 2, 3}))).sample(1) == expected);
    CHECK(samples_of(npy("<f8", "(2, 3)", raw<double>({0, 0, 0, 1, 2, 3}))).sample(1) == expected);
    CHECK(samples_of(npy("|i1", "(1, 3)", raw<std::int8_t>({-1, 2, -128}))).sample(0) ==
          std::vector<float>{-1, 2, -128});
    CHECK(samples_of(npy("<i2", "(1, 3)", raw<std::int16_t>({-1, 2, 30000}))).sample(0) ==
          std::vector<float>{-1, 2, 30000});
    CHECK(samples_of(npy("<i4", "(1, 3)", raw<std::int32_t>({1, 2, 3}))).sample(0) == expected);
    CHECK(samples_of(npy("<i8", "(1, 3)", raw<std::int64_t>({1, 2, 3}))).sample(0) == expected);
    CHECK(samples_of(npy("|u1", "(1, 3)", raw<std::uint8_t>({0, 51, 255}))).sample(0) ==
          std::vector<float>{0.0F, 0.2F, 1.0F});
    CHECK(samples_of(npy("|u1", "(1, 3)", raw<std::uint8_t>({1, 2, 3})), 1.0).sample(0) ==
          expected);
    CHECK(samples_of(npy("<f4", "(1, 3)", raw<float>({2, 4, 6})), 0.5).sample(0) == expected);
    CHECK(samples_of(npy("<i4", "(1, 3)", raw<std::int32_t>({2, 4, 6})), 0.5).sample(0) ==
          expected);
    // More dimensions are samples and what is left.
    const Samples images = samples_of(npy("|u1", "(2, 1, 2, 2)", std::string(8, '\xff')));
    CHECK(images.samples() == 2);
    CHECK(images.features() == 4);
}

TEST_CASE("more values than are converted at a time keep their places") {
    std::vector<double> values;
    for (int k = 0; k < 3 * 7000; ++k) {
        values.push_back(k);
    }
    const Samples samples = samples_of(npy("<f8", "(3, 7000)", raw(values)));
    CHECK(samples.sample(0)[0] == 0.0F);
    CHECK(samples.sample(1)[1192] == 8192.0F);
    CHECK(samples.sample(2)[6999] == 20999.0F);
}

TEST_CASE("every version of the header is read, with its keys in any order") {
    const std::string values = raw<float>({1, 2});
    for (const unsigned version : {1U, 2U, 3U}) {
        CHECK(samples_of(
                  npy_with_header("{'shape': (1L, 2L), \"fortran_order\": False, 'descr': '<f4'}",
                                  values, version))
                  .sample(0) == std::vector<float>{1, 2});
    }
    CHECK_THAT(complaint(npy_with_header("{}", values, 4)),
               Contains("byte 6") && Contains("version is 4"));
}

TEST_CASE("classes are integers or texts, as a row or a column") {
    CHECK(numbers_of(npy("<i8", "(3,)", raw<std::int64_t>({1, INT64_MIN, INT64_MAX}))) ==
          std::vector<std::int64_t>{1, INT64_MIN, INT64_MAX});
    CHECK(numbers_of(npy("|u1", "(2, 1)", raw<std::uint8_t>({200, 3}))) ==
          std::vector<std::int64_t>{200, 3});
    const std::vector<char32_t> text{U'a', U'e', 0, U'ö', U'€', U'𝄞', U'x', 0, 0};
    CHECK(texts_of(npy("<U3", "(3,)", raw(text))) ==
          std::vector<std::string>{"ae", "\xc3\xb6\xe2\x82\xac\xf0\x9d\x84\x9e", "x"});
    CHECK(texts_of(npy("|S3", "(2,)", std::string("iy\0uwx", 6))) ==
          std::vector<std::string>{"iy", "uwx"});
}

TEST_CASE("what is wrong with an array is said with file, byte and reason") {
    const std::string two = raw<float>({1, 2});
    CHECK_THAT(complaint(""), Contains("a.npy, byte 0: it ends in the middle"));
    CHECK_THAT(complaint("PNG says hello"), Contains("a.npy, byte 0") && Contains("NUMPY"));
    CHECK_THAT(complaint(npy(">f4", "(1, 2)", two)),
               Contains("a.npy, byte 20") && Contains("'>f4' (big-endian)"));
    CHECK_THAT(complaint(npy("|O", "(1, 2)", two)), Contains("'|O' (Python objects)"));
    for (const char* descr : {"<f2", "<c8", "|b1", "<u2", "<u8", "<M8[ns]", "|V4", "<U", "|S0"}) {
        CHECK_THAT(complaint(npy(descr, "(1, 2)", two)),
                   Contains(std::string("'") + descr + "'") && Contains("u1, i1, i2"));
    }
    CHECK_THAT(complaint(npy_with_header(
                   "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", two)),
               Contains("structures"));
    CHECK_THAT(
        complaint(npy_with_header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2)}", two)),
        Contains("Fortran order") && Contains("ascontiguousarray"));
    CHECK_THAT(complaint(npy("<f4", "(2,)", two)), Contains("1 dimension;"));
    CHECK_THAT(complaint(npy("<f4", "()", two)), Contains("0 dimensions"));
    CHECK_THAT(complaint(npy("<f4", "(0, 2)", "")), Contains("0 x 2"));
    CHECK_THAT(complaint(npy("<f4", "(2, 2)", two)),
               Contains("a.npy, byte 128: its values take 16 bytes, but no more than 8"));
    CHECK_THAT(complaint(npy("<f4", "(1, 1)", two)), Contains("a.npy, byte 132: more follows"));
    CHECK_THAT(complaint(npy("<U2", "(1, 2)", std::string(16, '\0'))), Contains("texts"));
}

TEST_CASE("headers that are no header are refused at their byte") {
    const auto header = [](const std::string& text) {
        return complaint(npy_with_header(text, raw<float>({1, 2})));
    };
    CHECK_THAT(header("'descr'"), Contains("byte 10") && Contains("'{' is missing"));
    CHECK_THAT(header("{'descr': '<f4', 'shape': (1, 2)}"), Contains("lacks one of"));
    CHECK_THAT(header("{'descr': '<f4', 'descr': '<f4'}"),
               Contains("byte 27") && Contains("\"descr\""));
    CHECK_THAT(header("{'dtype': '<f4'}"), Contains("\"dtype\""));
    CHECK_THAT(header("{'descr': '<f4"), Contains("does not end"));
    CHECK_THAT(header("{'fortran_order': 0}"), Contains("True or False"));
    CHECK_THAT(header("{'shape': (-1, 2)}"), Contains("extent"));
    CHECK_THAT(header("{'shape': (99999999999999999999, 2)}"), Contains("64 bits"));
    CHECK_THAT(header("{'shape': (1 2)}"), Contains("')' is missing"));
    CHECK_THAT(header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} x"),
               Contains("goes on"));
    std::string long_header = npy_with_header("{}", "");
    long_header[8] = '\xff';
    long_header[9] = '\xff';
    CHECK_THAT(complaint(long_header), Contains("byte 8") && Contains("65535 bytes"));
}

TEST_CASE("values and classes that cannot be used are found by their byte") {
    CHECK_THAT(complaint(npy("<f4", "(1, 3)", raw<float>({1, NAN, 3}))),
               Contains("a.npy, byte 132: the value is nan"));
    CHECK_THAT(complaint(npy("<f8", "(1, 3)", raw<double>({1, 2, 1e39}))),
               Contains("a.npy, byte 144: the value is 1e+39"));
    CHECK_THAT(complaint(npy("<f8", "(1, 1)", raw<double>({-INFINITY}))), Contains("-inf"));
    CHECK_THAT(label_complaint(npy("<f4", "(2,)", raw<float>({1, 2}))),
               Contains("integers or texts"));
    CHECK_THAT(label_complaint(npy("<i4", "(2, 2)", raw<std::int32_t>({1, 2, 3, 4}))),
               Contains("2 x 2"));
    CHECK_THAT(label_complaint(npy("<U1", "(2,)", raw<std::uint32_t>({65, 0x110000}))),
               Contains("byte 132") && Contains("0x110000"));
    CHECK_THAT(label_complaint(npy("<U1", "(1,)", raw<std::uint32_t>({0xd800}))),
               Contains("no character"));
    CHECK_THAT(label_complaint(npy("<U1", "(1,)", raw<std::uint32_t>({0}))), Contains("empty"));
    CHECK_THAT(label_complaint(npy("|S1", "(1,)", "\xe4")), Contains("ASCII"));
}

TEST_CASE("shapes that cannot be are refused before memory is taken for them") {
    for (const char* shape : {"(4000000000, 1000000)", "(18446744073709551615, 1)",
                              "(4294967296, 4294967296)", "(1, 18446744073709551615)"}) {
        CHECK_THAT(complaint(npy("<f8", shape, "x")),
                   Contains("can follow") || Contains("can be used"));
    }
    CHECK_THAT(label_complaint(npy("<U4096", "(4000000000,)", "x")), Contains("can follow"));
}

TEST_CASE("an .npz file gives its arrays by name") {
    v1::DataSpec spec = spec_of("d.npz");
    for (const bool deflated : {true, false}) {
        const SplitData split =
            load(spec, {{"d.npz", test::zip({{"x.npy", x4()}, {"y.npy", y4()}}, deflated)}});
        CHECK(split.data.class_names == std::vector<std::string>{"-1", "5"});
        CHECK(split.data.labels == std::vector<std::uint32_t>{1, 0, 1, 0});
        CHECK(split.data.inputs.sample(3) == std::vector<float>{7, 8});
        CHECK(split.split.training.size() == 2);
        CHECK(split.split.test.size() == 2);
    }
    const std::string all =
        test::zip({{"x.npy", x4()}, {"y.npy", y4()}, {"x_test.npy", x2()}, {"y_test.npy", y2()}});
    const SplitData both = load(spec, {{"d.npz", all}});
    CHECK(both.split.training.size() == 4);
    CHECK(both.split.test == std::vector<std::uint32_t>{4, 5});
    CHECK(both.data.inputs.sample(5) == std::vector<float>{11, 12});
    CHECK(both.data.labels[5] == 1);

    spec.set_x("x_test");
    spec.set_y("y_test");
    spec.set_x_test("x");
    spec.set_y_test("y");
    CHECK(load(spec, {{"d.npz", all}}).split.training.size() == 2);
}

TEST_CASE("arrays that an .npz file lacks are named with those it has") {
    v1::DataSpec spec = spec_of("d.npz");
    const auto refused = [&](const std::string& content, Code code, const std::string& field) {
        try {
            static_cast<void>(load(spec, {{"d.npz", content}}));
        } catch (const Error& error) {
            CHECK(error.code() == code);
            CHECK((field.empty() ? error.violations().empty()
                                 : error.violations().front().field == field));
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    const std::string wrong = test::zip({{"images.npy", x4()}, {"y.npy", y4()}});
    CHECK_THAT(refused(wrong, Code::not_found, "data.x"),
               Contains("d.npz has no array \"x\"; it has: images, y"));
    const std::string half = test::zip({{"x.npy", x4()}, {"y.npy", y4()}, {"x_test.npy", x2()}});
    CHECK_THAT(refused(half, Code::not_found, "data.y_test"), Contains("\"y_test\""));
    CHECK_THAT(refused("PK and so on", Code::invalid_argument, ""),
               Contains("d.npz, byte 0") && Contains("zip"));
    const std::string bad_x = test::zip({{"x.npy", "hello"}, {"y.npy", y4()}});
    CHECK_THAT(refused(bad_x, Code::invalid_argument, ""), Contains("d.npz (x.npy), byte "));
    spec.set_x_test("holdout");
    CHECK_THAT(refused(npz4(), Code::not_found, "data.x_test"), Contains("\"holdout\""));
    spec.clear_x_test();
    spec.set_label_file("y.npy");
    CHECK_THAT(refused(npz4(), Code::invalid_argument, "data.label_file"), Contains(".npz"));
    spec.clear_label_file();
    spec.set_test_label_file("y.npy");
    CHECK_THAT(refused(npz4(), Code::invalid_argument, "data.test_label_file"),
               Contains("means nothing for d.npz, an .npz file"));
}

TEST_CASE("an .npz file that is cut off is said to have no end, not to have no beginning") {
    const std::string whole = npz4();
    for (std::size_t size = 4; size < whole.size(); ++size) {
        const std::string message = complaint(
            [](const std::string& content) { return load(spec_of("d.npz"), {{"d.npz", content}}); },
            whole.substr(0, size));
        CAPTURE(size);
        REQUIRE_THAT(message,
                     Contains("d.npz, byte " + std::to_string(size) + ": its end is missing"));
    }
}

TEST_CASE("a checksum of an .npz file that is wrong is found") {
    std::string content = test::zip({{"x.npy", x4()}, {"y.npy", y4()}}, false);
    const std::size_t last_value = content.find(raw<float>({7, 8})) + 6;
    content[last_value] = static_cast<char>(content[last_value] ^ 1);
    CHECK_THROWS_WITH(load(spec_of("d.npz"), {{"d.npz", content}}),
                      Contains("d.npz (x.npy), byte 160") && Contains("CRC"));
}

TEST_CASE("an array that is longer than its .npz file states is refused, not believed") {
    std::string content = test::zip({{"x.npy", x4()}, {"y.npy", y4()}}, true);
    const std::size_t stated = content.find("PK\1\2") + 24;
    content.replace(stated, 4, raw<std::uint32_t>({100}));
    CHECK_THROWS_WITH(load(spec_of("d.npz"), {{"d.npz", content}}),
                      Contains("d.npz (x.npy), byte 100: more follows than can"));
}

TEST_CASE("a pair of .npy files, and a test pair") {
    v1::DataSpec spec = spec_of("x.npy");
    Files files{{"x.npy", x4()}, {"y.npy", y4()}, {"xt.npy", x2()}, {"yt.npy", y2()}};
    CHECK_THROWS_WITH(load(spec, files), Contains("data.label_file"));
    spec.set_label_file("y.npy");
    CHECK(load(spec, files).split.training.size() == 2);
    spec.set_x_test("x_test");
    CHECK_THROWS_WITH(load(spec, files), Contains("data.x_test: means nothing for x.npy, an .npy"));
    spec.clear_x_test();
    spec.set_test_file("xt.npy");
    CHECK_THROWS_WITH(load(spec, files), Contains("data.test_label_file"));
    spec.set_test_label_file("yt.npy");
    CHECK(load(spec, files).split.test == std::vector<std::uint32_t>{4, 5});
    files["yt.npy"] = npy("|S1", "(2,)", "ab");
    CHECK_THROWS_WITH(load(spec, files), Contains("numbers here and texts there"));
    spec = spec_of("");
    CHECK_THROWS_WITH(load(spec, files), Contains("data.file"));
}

TEST_CASE("labels that are no classes are refused") {
    std::vector<std::int64_t> all(5000);
    std::iota(all.begin(), all.end(), 0);
    v1::DataSpec spec = spec_of("x.npy");
    spec.set_label_file("y.npy");
    CHECK_THROWS_WITH(load(spec, {{"x.npy", npy("|u1", "(5000, 1)", std::string(5000, 'x'))},
                                  {"y.npy", npy("<i8", "(5000,)", raw(all))}}),
                      Contains("y.npy has more than 4096"));
}

TEST_CASE("no spoiled byte of an array does more than make an error") {
    const std::string content =
        GENERATE(npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4})), npy("|u1", "(2, 2)", "abcd"),
                 npy("<U2", "(2,)", raw<std::uint32_t>({65, 66, 67, 0})),
                 npy("<i2", "(2,)", raw<std::int16_t>({1, 2})));
    for (const std::string& bad : test::spoiled(content)) {
        try {
            const Samples samples = samples_of(bad);
            REQUIRE(samples.samples() * samples.features() <= 16);
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::invalid_argument);
            REQUIRE_THAT(error.what(), Contains("a.npy, byte "));
        }
        try {
            static_cast<void>(labels_of(bad));
        } catch (const Error& error) {
            REQUIRE_THAT(error.what(), Contains("a.npy, byte "));
        }
    }
}

TEST_CASE("no spoiled byte of an .npz file does more than make an error") {
    const bool deflated = GENERATE(true, false);
    const std::string content = test::zip(
        {{"x.npy", npy("|u1", "(4, 1)", "abcd")}, {"y.npy", npy("|u1", "(4,)", "ABAB")}}, deflated);
    const SplitData good = load(spec_of("d.npz"), {{"d.npz", content}});
    for (const std::string& bad : test::spoiled(content)) {
        try {
            const SplitData loaded = load(spec_of("d.npz"), {{"d.npz", bad}});
            // What the checksums do not cover changes nothing.
            REQUIRE(loaded.data.labels == good.data.labels);
            REQUIRE(loaded.data.inputs.sample(3) == good.data.inputs.sample(3));
        } catch (const Error& error) {
            REQUIRE_THAT(error.what(), Contains("d.npz"));
        }
    }
}
