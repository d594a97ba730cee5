#include "drivers/core/command_line/completion.hpp"
#include "drivers/core/command_line/documents.hpp"
#include "drivers/core/command_line/manual.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include <iostream>
#include <sstream>
#include <string>

using namespace phyll;

namespace {

/// A program with whatever an option can be.
class Program {
  public:
    Program() {
        app.add_option("-u,--units", text_, "What \"they\" are in\n.R is not meant")
            ->check(CLI::IsMember({"drive", "physical"}))
            ->envname("UNITS");
        app.add_option("--hidden", text_, "Not shown")->group("");
        CLI::App& run = *app.add_subcommand("run", "Of runs");
        run.require_subcommand(1);
        CLI::App& start = *run.add_subcommand("start", "Starts one");
        start.add_option("FILE", text_, "The run")->required();
        CLI::Option* count = start.add_option("--count", number_, "How many");
        count->capture_default_str()->check(CLI::Range(1, 64));
        CLI::Option_group* group = start.add_option_group("what");
        group->add_flag("--watch", flag_, "And watch")->needs(count);
        start.footer("KINDS\n  one    it's the first\\second");
    }

    [[nodiscard]] std::string manual() const {
        std::ostringstream out;
        command_line::write_manual(
            app,
            {.program = "prog",
             .section = 8,
             .version = "1.2",
             .about = "a program",
             .sections = {{.title = "FILES", .entries = {{"/etc/prog", "What it is told"}}}}},
            out);
        return out.str();
    }

    [[nodiscard]] std::string completion() const {
        std::ostringstream out;
        command_line::write_completion(app, "prog", out);
        return out.str();
    }

    CLI::App app{"Does it.\n\n  prog -u drive", "prog"};

  private:
    std::string text_;
    int number_ = 3;
    bool flag_ = false;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a manual page has what a program understands") {
    const std::string manual = Program().manual();
    REQUIRE(has(manual, ".TH \"PROG\" \"8\" \"\" \"prog 1.2\" \"phylld\"\n"));
    REQUIRE(has(manual, "prog \\- a program\n"));
    REQUIRE(has(manual, "\\fBprog\\fR [\\fIOPTIONS\\fR] [\\fICOMMAND\\fR]\n"));
    REQUIRE(has(manual, ".TP\n\\fB\\-u\\fR, \\fB\\-\\-units\\fR \\fITEXT\\fR\n"));
    REQUIRE(has(manual, "One of drive, physical.\n"));
    REQUIRE(has(manual, "Also by the variable \\fBUNITS\\fR.\n"));
    REQUIRE(has(manual, ".SS \\fBrun start\\fR [\\fIOPTIONS\\fR] \\fIFILE\\fR\n"));
    REQUIRE(has(manual, "Valid: 1 to 64.\n.br\nDefault: 3.\n"));
    REQUIRE(has(manual, "\\fB\\-\\-watch\\fR\nAnd watch\n.br\nOnly with \\-\\-count.\n"));
    REQUIRE(has(manual, ".SH \"FILES\"\n.TP\n\\fB/etc/prog\\fR\nWhat it is told\n"));
    REQUIRE_FALSE(has(manual, "hidden"));
}

TEST_CASE("text in a manual page is what was written, whatever roff makes of it") {
    const std::string manual = Program().manual();
    REQUIRE(has(manual, "What \\(dqthey\\(dq are in\n\\&.R is not meant\n"));
    REQUIRE(has(manual, ".nf\n  one    it\\(aqs the first\\(rssecond\n.fi\n"));
    REQUIRE(has(manual, "Does it.\n.PP\n.nf\n  prog \\-u drive\n.fi\n"));
}

TEST_CASE("completion knows commands, options and words of values") {
    const std::string completion = Program().completion();
    REQUIRE(has(completion, "':--units') values='drive physical' ;;\n"));
    REQUIRE(has(completion, "':-u') values='drive physical' ;;\n"));
    REQUIRE(has(completion, "' run start:--count') values='' ;;\n"));
    REQUIRE(has(completion, "' run')\n        options='--help -h'\n        words='start'\n"));
    REQUIRE(has(completion, "' run start')\n        options='--help -h --count --watch'\n"));
    REQUIRE(has(completion, "complete -o default -F _prog prog\n"));
    REQUIRE_FALSE(has(completion, "hidden"));
}

TEST_CASE("a program is documented without what it else cannot do without") {
    Program program;
    program.app.require_subcommand(1);
    command_line::add_documents(program.app, {.program = "prog", .version = "1", .about = "it"});
    const auto parse = [&](const char* option) {
        const char* arguments[] = {"prog", option};
        program.app.parse(2, arguments);
    };
    std::ostringstream out;
    std::streambuf* const before = std::cout.rdbuf(out.rdbuf());
    REQUIRE_THROWS_AS(parse("--manual"), CLI::Success);
    const std::string manual = out.str();
    out.str("");
    REQUIRE_THROWS_AS(parse("--completion"), CLI::Success);
    std::cout.rdbuf(before);
    REQUIRE(has(manual, ".SH NAME\nprog"));
    REQUIRE_FALSE(has(manual, "\\-\\-manual"));
    REQUIRE(has(out.str(), "complete -o default"));
    REQUIRE_THROWS_AS(parse("--json"), CLI::ParseError);
}
