#include "drivers/core/error.hpp"
#include "drivers/instruments/dialect.pb.h"
#include "drivers/instruments/dialects.hpp"
#include "drivers/instruments/scpi_session.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/read_toml.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <set>
#include <string>

using namespace phyll;
using namespace phyll::instruments;

namespace {

const std::set<std::string> generator_words{"rate",       "low",    "high", "peak",
                                            "minus_peak", "points", "name"};
const std::set<std::string> digitiser_words{"channel", "range", "span",   "scale",    "rate",
                                            "points",  "start", "middle", "duration", "division",
                                            "trigger", "level", "length"};

const std::set<std::string> vna_words{"start", "stop",      "points", "bandwidth", "power",
                                      "limit", "parameter", "name",   "state"};

/// Every text of a dialect fills in with the words that there are.
void check_words(const google::protobuf::Message& message, const std::set<std::string>& known) {
    Words words;
    for (const std::string& word : known) {
        words.emplace_back(word, "1");
    }
    const auto* reflection = message.GetReflection();
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const auto* field : fields) {
        const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
        for (int i = 0; i < count; ++i) {
            if (field->message_type() != nullptr) {
                check_words(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                 : reflection->GetMessage(message, field),
                            known);
            } else if (field->type() == google::protobuf::FieldDescriptor::TYPE_STRING) {
                const std::string text = field->is_repeated()
                                             ? reflection->GetRepeatedString(message, field, i)
                                             : reflection->GetString(message, field);
                CAPTURE(text);
                REQUIRE(filled(text, words).find('{') == std::string::npos);
            }
        }
    }
}

/// What a preset does to an analyser is worth a day to whoever calibrated it.
void check_never_preset(const instruments::v1::VnaDialect& dialect) {
    const std::string all = dialect.DebugString();
    for (const char* preset : {"*RST", "PRES", "*RCL"}) {
        CAPTURE(preset);
        REQUIRE(all.find(preset) == std::string::npos);
    }
}

} // namespace

TEST_CASE("every built-in dialect is whole, and knows only words that there are") {
    std::set<std::string> names;
    for (const BuiltInDialect& dialect : built_in_dialects()) {
        CAPTURE(dialect.name);
        names.insert(std::string(dialect.name));
        if (dialect.kind == "generator") {
            instruments::v1::GeneratorDialect message;
            read_dialect("generator", std::string(dialect.name), test::read_toml(), message);
            check_words(message, generator_words);
        } else if (dialect.kind == "vna") {
            instruments::v1::VnaDialect message;
            read_dialect("vna", std::string(dialect.name), test::read_toml(), message);
            check_words(message, vna_words);
            check_never_preset(message);
        } else {
            REQUIRE(dialect.kind == "digitiser");
            instruments::v1::DigitiserDialect message;
            read_dialect("digitiser", std::string(dialect.name), test::read_toml(), message);
            check_words(message, digitiser_words);
        }
    }
    REQUIRE(names.contains("keysight-33500"));
    REQUIRE(names.contains("rigol-dg1000z"));
    REQUIRE(names.contains("keysight-infiniivision"));
    REQUIRE(names.contains("rigol-mso5000"));
    REQUIRE(names.contains("rohde-schwarz-zn"));
    REQUIRE(names.contains("keysight-pna"));
    REQUIRE(names.contains("librevna"));
}

TEST_CASE("an instrument's dialect is known by what it says that it is") {
    instruments::v1::GeneratorDialect message;
    const auto chosen = [&](const char* maker, const char* model) {
        return choose_dialect("generator",
                              {.maker = maker, .model = model, .serial = "1", .firmware = "1"},
                              test::read_toml(), message);
    };
    REQUIRE(chosen("Agilent Technologies", "33522B") == "keysight-33500");
    REQUIRE(message.trigger() == "*TRG");
    REQUIRE(chosen("Rigol Technologies", "DG1022Z") == "rigol-dg1000z");
    REQUIRE(message.codes().highest() == 16383);
    REQUIRE_THROWS_WITH(chosen("Acme", "1"),
                        Catch::Contains("Acme 1, serial 1") && Catch::Contains("keysight-33500"));
}

TEST_CASE("a dialect can be a file of one's own, and what is wrong in it is named") {
    const test::TempDir folder;
    const std::string path = (folder.path() / "mine.toml").string();
    std::ofstream(path) << "about = \"mine\"\nsauce = \"tomato\"\n";
    instruments::v1::GeneratorDialect message;
    REQUIRE_THROWS_WITH(read_dialect("generator", path, test::read_toml(), message),
                        Catch::Contains("mine.toml") && Catch::Contains("sauce") &&
                            Catch::Contains("source"));
    REQUIRE_THROWS_WITH(read_dialect("generator", "no/such.toml", test::read_toml(), message),
                        Catch::Contains("dialect: cannot read 'no/such.toml'"));
    REQUIRE_THROWS_WITH(read_dialect("generator", "keysight", test::read_toml(), message),
                        Catch::Contains("keysight-33500, rigol-dg1000z"));
}

TEST_CASE("words are put into texts, and an unknown one is named") {
    REQUIRE(filled("VOLT:HIGH {high};LOW {low}", {{"high", "3"}, {"low", "-2"}}) ==
            "VOLT:HIGH 3;LOW -2");
    REQUIRE(filled("nothing", {}) == "nothing");
    REQUIRE_THROWS_WITH(filled("{hihg}", {{"high", "3"}}), Catch::Contains("{hihg}"));
    REQUIRE(number(1.5e-6) == "1.5E-06");
    REQUIRE(number(-2) == "-2");
}
