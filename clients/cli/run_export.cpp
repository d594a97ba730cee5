#include "run_commands.hpp"

#include "file_aside.hpp"
#include "group_arguments.hpp"
#include "group_commands.hpp"
#include "output.hpp"
#include "report/methods.hpp"
#include "report/page.hpp"
#include "report/pictures.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/runs.pb.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace phyll::cli {
namespace {

struct ExportArguments {
    std::string of; ///< as it was given
    std::uint64_t run = 0;
    std::string file;
    bool measurements = false;
    bool numpy = false;
    std::string report;
    std::string png;
    bool methods = false;
};

void show_progress(const App& app, const v1::ExportItem& item, std::size_t bytes) {
    if (!app.json() && ::isatty(STDERR_FILENO) != 0) {
        std::cerr << fmt::format("\r{:3.0f} % of {:.1f} MB",
                                 100.0 * static_cast<double>(item.offset() + bytes) /
                                     static_cast<double>(item.size()),
                                 static_cast<double>(item.size()) / 1e6)
                  << (item.offset() + bytes == item.size() ? "\n" : "") << std::flush;
    }
}

void say_exported(const App& app, std::uint64_t run, const std::string& what,
                  const std::string& file, std::uint64_t bytes) {
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "exported"},
                                    {"run", run},
                                    {"what", what},
                                    {"file", file},
                                    {"bytes", bytes}}
                         .dump()
                  << '\n';
    } else {
        std::cout << fmt::format("{}: {} bytes\n", file, count(bytes));
    }
}

void fetch(App& app, std::uint64_t run, const std::string& what, const std::string& file) {
    v1::ExportRequest request;
    request.set_run(run);
    request.set_what(what);
    FileAside out(file);
    std::uint64_t written = 0;
    std::uint64_t size = 0;
    app.let_signals_interrupt();
    app.client().download<v1::ExportItem>(
        "phyll.v1.Runs/Export", request,
        [&](const v1::ExportItem& item, std::span<const std::byte> part) {
            out.write(part);
            written += part.size();
            size = item.size();
            show_progress(app, item, part.size());
            return true;
        });
    if (written != size || size == 0) {
        throw Error(Code::data_loss,
                    fmt::format("phylld sent {} of {} bytes; ask again", written, size));
    }
    out.finish();
    say_exported(app, run, what, file, size);
}

void write_made(const App& app, std::uint64_t run, const char* what, const std::string& file,
                std::span<const std::byte> bytes) {
    FileAside out(file);
    out.write(bytes);
    out.finish();
    say_exported(app, run, what, file, bytes.size());
}

/// What phyllctl makes itself, of what phylld tells.
void make(App& app, const ExportArguments& arguments) {
    const RunFacts facts = gather_facts(app, arguments.run);
    if (!arguments.report.empty()) {
        const std::string page = report_page(facts);
        write_made(app, arguments.run, "report", arguments.report, std::as_bytes(std::span(page)));
    }
    if (!arguments.png.empty()) {
        write_made(app, arguments.run, "png", arguments.png, report_png(facts));
    }
    if (arguments.methods && app.json()) {
        std::cout << nlohmann::json{{"event", "methods"},
                                    {"run", arguments.run},
                                    {"paragraph", methods_paragraph(facts)},
                                    {"table", methods_table(facts)}}
                         .dump()
                  << '\n';
    } else if (arguments.methods) {
        std::cout << methods_paragraph(facts) << "\n\n" << methods_table(facts);
    }
}

/// A group has a page alone, with the settings of its first member that has a result.
void make_of_group(App& app, std::uint64_t number, const ExportArguments& arguments) {
    if (arguments.report.empty() || arguments.measurements || arguments.numpy ||
        !arguments.png.empty() || arguments.methods) {
        throw Error(Code::invalid_argument,
                    fmt::format("of a group there is --report alone; 'phyllctl run show g{}' lists "
                                "its runs, each of which has the others",
                                number));
    }
    const v1::GroupReply group = get_group(app, number);
    std::uint64_t example = group.members(0).run();
    for (const v1::RunInfo& member : group.members()) {
        if (member.has_result()) {
            example = member.run();
            break;
        }
    }
    const std::string page = group_page(group, gather_facts(app, example));
    write_made(app, example, "report", arguments.report, std::as_bytes(std::span(page)));
}

void export_what_is_asked_for(App& app, ExportArguments& arguments) {
    const Target target = parse_target(arguments.of);
    if (target.is_group) {
        make_of_group(app, target.number, arguments);
        return;
    }
    arguments.run = target.number;
    if (!arguments.report.empty() || !arguments.png.empty() || arguments.methods) {
        make(app, arguments);
    }
    if (arguments.measurements || arguments.numpy) {
        fetch(app, arguments.run, arguments.numpy ? "numpy" : "measurements",
              !arguments.file.empty() ? arguments.file
                                      : fmt::format("run-{}-measurements.{}", arguments.run,
                                                    arguments.numpy ? "npz" : "h5"));
    }
}

void add_files_made_here(CLI::Option_group& what, ExportArguments& arguments) {
    what.add_option("--report", arguments.report,
                    "Write a page for a browser and for paper: what was run, and what came out")
        ->type_name("FILE.html");
    what.add_option("--png", arguments.png,
                    "Write the curves and the confusion matrix as a picture")
        ->type_name("FILE.png");
    what.add_flag("--methods", arguments.methods,
                  "Print a paragraph on methods, and a table for LaTeX");
}

} // namespace

void add_run_export(App& app, CLI::App& run) {
    CLI::App* exporting =
        run.add_subcommand("export", "What a run measured, as a file; a report of it");
    const auto arguments = std::make_shared<ExportArguments>();
    exporting
        ->add_option("run", arguments->of, "Number of the run; for a report also of a group: g3")
        ->required();
    CLI::Option_group* what = exporting->add_option_group("what");
    CLI::Option* hdf5 = what->add_flag("--measurements", arguments->measurements,
                                       "Stimuli, responses and what they were of, as HDF5");
    what->add_flag("--numpy", arguments->numpy, "Stimuli, responses and times, for numpy.load")
        ->excludes(hdf5);
    add_files_made_here(*what, *arguments);
    what->require_option(1, 0);
    exporting->add_option(
        "-o,--out", arguments->file,
        "File to write measurements to; default: run-RUN-measurements.h5, or .npz");
    exporting->callback([&app, arguments] { export_what_is_asked_for(app, *arguments); });

    CLI::App* bundling = run.add_subcommand(
        "bundle", "One file with all that it takes to train a run again elsewhere");
    const auto bundled = std::make_shared<ExportArguments>();
    bundling->add_option("run", bundled->run, "Number of the run")->required();
    bundling->add_option("-o,--out", bundled->file, "File to write; default: run-RUN.zip");
    bundling->callback([&app, bundled] {
        fetch(app, bundled->run, "bundle",
              bundled->file.empty() ? fmt::format("run-{}.zip", bundled->run) : bundled->file);
    });
}

} // namespace phyll::cli
