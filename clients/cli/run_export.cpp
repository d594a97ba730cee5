#include "run_commands.hpp"

#include "file_aside.hpp"
#include "output.hpp"

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
    std::uint64_t run = 0;
    std::string file;
    bool measurements = false;
    bool numpy = false;
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
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "exported"},
                                    {"run", run},
                                    {"what", what},
                                    {"file", file},
                                    {"bytes", size}}
                         .dump()
                  << '\n';
    } else {
        std::cout << fmt::format("{}: {} bytes\n", file, count(size));
    }
}

} // namespace

void add_run_export(App& app, CLI::App& run) {
    CLI::App* exporting = run.add_subcommand("export", "A file of what a run measured");
    const auto arguments = std::make_shared<ExportArguments>();
    exporting->add_option("run", arguments->run, "Number of the run")->required();
    CLI::Option_group* what = exporting->add_option_group("what");
    what->add_flag("--measurements", arguments->measurements,
                   "Stimuli, responses and what they were of, as HDF5");
    what->add_flag("--numpy", arguments->numpy, "Stimuli, responses and times, for numpy.load");
    what->require_option(1);
    exporting->add_option("-o,--out", arguments->file,
                          "File to write; default: run-RUN-measurements.h5, or .npz");
    exporting->callback([&app, arguments] {
        fetch(app, arguments->run, arguments->numpy ? "numpy" : "measurements",
              !arguments->file.empty() ? arguments->file
                                       : fmt::format("run-{}-measurements.{}", arguments->run,
                                                     arguments->numpy ? "npz" : "h5"));
    });

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
