// What a run cost, what happened to it and under what it ran.
#include "clients/cli/accounts.hpp"
#include "clients/cli/canvas.hpp"
#include "clients/cli/output.hpp"
#include "clients/cli/report/page_parts.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace phyll::cli {
namespace {

/// More lines of what happened are for the log.
constexpr std::size_t most_events = 30;

std::string share_of(std::uint64_t part, std::uint64_t all) {
    return all == 0 ? "-" : percent(static_cast<double>(part) / static_cast<double>(all));
}

/// What happened, for people; empty: nothing of note.
std::string event_words(const v1::Event& event) {
    if (event.has_state()) {
        return name_of(event.state().state()) +
               (event.state().reason().empty() ? "" : ": " + event.state().reason());
    }
    if (event.has_rewound()) {
        return fmt::format("back to step {}, {} again", count(event.rewound().step()),
                           counted(event.rewound().epochs(), "epoch"));
    }
    if (event.has_era()) {
        return fmt::format("era {} of {} ended: {}", event.era().era(), event.era().rig(),
                           event.era().why());
    }
    return event.notice();
}

/// Whether it is more than a run's usual way through its states.
bool is_of_note(const v1::Event& event) {
    if (event.has_state()) {
        const v1::RunState state = event.state().state();
        return !event.state().reason().empty() || state == v1::PAUSED || state == v1::HELD ||
               state == v1::FAILED || state == v1::RUN_CANCELLED;
    }
    return event.has_rewound() || event.has_era() || !event.notice().empty();
}

std::string layers_table(const v1::RunSpec& spec) {
    using enum MarkupTable::Align;
    MarkupTable table({{"Layer", narrow},
                       {"Physics"},
                       {"Rig"},
                       {"Encoding"},
                       {"Orders of its inputs", right},
                       {"Width", right}});
    int number = 0;
    for (const v1::LayerConfig& layer : spec.layers()) {
        table.add({std::to_string(++number), layer_words(layer),
                   layer.physics() ? layer.rig() : "none",
                   layer.physics() ? encoding_words(layer.encoding()) : "none",
                   layer.physics() ? std::to_string(std::max(1U, layer.permutations())) : "-",
                   has_epochs(spec) ? count(layer.width()) : "-"});
    }
    return table.take();
}

std::string channels_in_unit(const char* what, int number, const std::string& unit) {
    return counted(static_cast<std::uint64_t>(number), what) + (unit.empty() ? "" : " in " + unit);
}

/// May be broken at every comma.
std::string with_breaks(const std::string& markup) {
    std::string out;
    for (const char c : markup) {
        out += c;
        out += c == ',' ? "<wbr/>" : "";
    }
    return out;
}

std::string rig_markup(const RigFacts* rig, const v1::RigConditions* conditions,
                       const std::string& name) {
    std::vector<std::pair<std::string, std::string>> list;
    if (rig != nullptr) {
        const v1::LayerSpec& spec = rig->spec;
        list.emplace_back("kind", fmt::format("{}, {}", spec.kind(), name_of(spec.evidence())));
        list.emplace_back("instruments or recording", spec.evidence_of());
        list.emplace_back(
            "channels", channels_in_unit("input", spec.inputs_size(),
                                         spec.inputs().empty() ? "" : spec.inputs(0).unit()) +
                            ", " +
                            channels_in_unit("output", spec.outputs_size(),
                                             spec.outputs().empty() ? "" : spec.outputs(0).unit()));
        list.emplace_back("nominal speed", short_duration(spec.seconds_per_sample()) + " a sample");
        list.emplace_back("limits", fmt::format("{}", fmt::join(spec.limits(), "; ")));
        list.emplace_back("notes", fmt::format("{}", fmt::join(spec.notes(), "; ")));
    }
    if (conditions != nullptr) {
        list.emplace_back("calibration",
                          conditions->calibration().empty() ? "none" : conditions->calibration());
        list.emplace_back("at the start", fmt::format("era {}, age {} samples", conditions->era(),
                                                      count(conditions->age())));
        list.emplace_back("configuration sha256", conditions->configuration_sha256());
    }
    std::string out = fmt::format("<h3>{}</h3>\n", in_markup(name)) + facts_list(list);
    if (conditions != nullptr) {
        out += fmt::format("<p><code>{}</code></p>\n",
                           with_breaks(in_markup(conditions->configuration())));
    }
    return out;
}

/// What it took beside the queries: "Under way 3.4 s, of which 12.0 % waiting for rigs; ..."
std::string time_words(const v1::RunResult& result) {
    std::string out;
    if (result.active_seconds() > 0) {
        out = fmt::format("Under way {}, of which {} waiting for rigs. ",
                          duration(result.active_seconds()),
                          wait_share(result, result.wait_seconds()));
    }
    out += fmt::format("Digital time {} for {}.", duration(result.digital_seconds()),
                       with_prefix(result.operations(), "FLOP"));
    if (result.has_hardware_joules() || result.has_digital_joules()) {
        out += fmt::format(" Energy: {}.", energy_words(result));
    }
    return out;
}

std::string repeats_words(const v1::RunSpec& spec) {
    const std::uint32_t repeats = spec.training().repeats();
    return repeats > 1 ? fmt::format("each stimulus measured {} times, and the mean taken", repeats)
                       : "each stimulus measured once";
}

std::string sentinels_words(const RunFacts& facts) {
    const v1::SentinelsSpec& sentinels = facts.run.spec().sentinels();
    if (facts.run.info().has_result() && facts.run.info().result().sentinel_queries() == 0) {
        return "none";
    }
    return fmt::format("{}, tolerance {:g}, on_new_era = {}", sentinels.count(),
                       sentinels.tolerance(), sentinels.on_new_era());
}

std::string options_words(const nlohmann::json& options) {
    std::string out;
    for (const auto& [name, value] : options.items()) {
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", name, value.dump());
    }
    return out;
}

} // namespace

std::string queries_part(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    if (!info.has_result()) {
        return section("Queries", paragraph("Not recorded: the run has no result."));
    }
    const v1::RunResult& result = info.result();
    using enum MarkupTable::Align;
    MarkupTable table({{"Layer"},
                       {"Rig"},
                       {"Training", right},
                       {"Evaluation", right},
                       {"Sentinels", right},
                       {"From memory", right},
                       {"Other run", right},
                       {"Clipped", right},
                       {"Rig busy", right},
                       {"Nominal", right}});
    std::uint64_t reused = 0;
    std::uint64_t recorded = 0;
    for (const v1::LayerCost& cost : result.layers()) {
        reused += cost.reused();
        recorded += cost.recorded();
        table.add({std::to_string(cost.layer()), cost.rig().empty() ? "none" : cost.rig(),
                   count(cost.training_queries()), count(cost.evaluation_queries()),
                   count(cost.sentinel_queries()), count(cost.reused()), count(cost.reused_from()),
                   share_of(cost.clipped(), cost.encoded()), duration(cost.hardware_seconds()),
                   duration(cost.nominal_seconds())});
    }
    table.add({"all", "", count(result.training_queries()), count(result.evaluation_queries()),
               count(result.sentinel_queries()), count(reused), "", "",
               duration(result.hardware_seconds()), duration(result.nominal_seconds())},
              true);
    const std::uint32_t repeats = std::max(1U, facts.run.spec().training().repeats());
    std::string note =
        repeats > 1 ? fmt::format("Each stimulus was measured {} times, and each counts.", repeats)
                    : "Each stimulus was measured once when it was asked for.";
    if (recorded > 0) {
        const std::uint64_t replay_of = facts.run.info().replay_of();
        note += fmt::format(" {} of them {}.", count(recorded),
                            replay_of > 0 ? fmt::format("read from run {}'s journal", replay_of)
                                          : "before an interruption, read from the journal");
    }
    return section("Queries", table.take() + paragraph(note, "small muted") +
                                  paragraph(time_words(result), "small muted"));
}

std::string events_part(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    MarkupTable table({{"Time", MarkupTable::Align::narrow}, {"What"}});
    std::size_t shown = 0;
    std::size_t all = 0;
    for (const v1::Event& event : facts.events) {
        if (is_of_note(event)) {
            ++all;
            if (shown < most_events) {
                ++shown;
                table.add({local_time(event.time()), event_words(event)});
            }
        }
    }
    const bool nothing = all == 0 && info.result().remarks().empty() && info.interruptions() == 0;
    std::string out = nothing ? paragraph("None.", "muted") : all > 0 ? table.take() : "";
    if (all > shown) {
        out += paragraph(fmt::format("and {} more", count(all - shown)), "small muted");
    }
    for (const std::string& remark : info.result().remarks()) {
        out += paragraph(remark);
    }
    if (info.interruptions() > 0) {
        out += paragraph(fmt::format("phylld went away under the run {}.",
                                     counted(info.interruptions(), "time")));
    }
    return section("Events of note", out);
}

/// What was set for all runs of the group, and for this one.
std::string overrides_words(const RunFacts& facts) {
    std::vector<std::string> all;
    if (facts.group) {
        const auto& common = facts.group->info().overrides();
        all.assign(common.begin(), common.end());
    }
    const auto& own = facts.run.info().overrides();
    all.insert(all.end(), own.begin(), own.end());
    return fmt::format("{}", fmt::join(all, ", "));
}

std::string settings_part(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    const v1::RunSpec& spec = facts.run.spec();
    if (info.kind() != v1::TRAINING) {
        return {};
    }
    std::string samples = "not recorded";
    if (has_accuracy(info)) {
        samples =
            fmt::format("{} for training, {} for the test", count(info.result().train_samples()),
                        count(info.result().test_samples()));
    }
    return section("Settings",
                   layers_table(spec) +
                       facts_list({{"scheme", scheme_words(facts)},
                                   {"its options", options_words(facts.scheme_options)},
                                   {"training", has_epochs(spec) ? training_words(facts) : ""},
                                   {"data", data_words(spec.data())},
                                   {"classes", classes_words(info.result())},
                                   {"samples", samples},
                                   {"split", split_words(facts)},
                                   {"validation", validation_words(spec)},
                                   {"seed", std::to_string(info.seed())},
                                   {"repeats", repeats_words(spec)},
                                   {"sentinels", sentinels_words(facts)},
                                   {"displaced", perturb_words(spec)},
                                   {"set beside the file", overrides_words(facts)}}));
}

std::string rigs_part(const RunFacts& facts) {
    const auto& conditions = facts.run.info().conditions().rigs();
    std::string out;
    for (const std::string& name : facts.run.info().rigs()) {
        const auto rig = std::ranges::find(facts.rigs, name, &RigFacts::name);
        const auto of_start = std::ranges::find(conditions, name, &v1::RigConditions::rig);
        out += rig_markup(rig == facts.rigs.end() ? nullptr : &*rig,
                          of_start == conditions.end() ? nullptr : &*of_start, name);
    }
    return section("Rigs", out.empty() ? paragraph("None took part.", "muted") : out);
}

std::string provenance_part(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    const v1::Conditions& conditions = info.conditions();
    std::vector<std::pair<std::string, std::string>> list{
        {"phylld", conditions.version().empty() ? "not recorded" : conditions.version()},
        {"numerics",
         conditions.kernel_level().empty()
             ? "not recorded"
             : fmt::format("{} on {}", conditions.kernel_level(), conditions.cpu_model())},
        {"weights sha256", info.result().weights_sha256()}};
    for (const v1::NamedFile& file : info.files()) {
        list.emplace_back(file.name() + " sha256", in_hexadecimal(file.sha256()));
    }
    if (info.replay_of() != 0) {
        list.emplace_back("replay of", fmt::format("run {}", info.replay_of()));
    }
    if (info.retry_of() != 0) {
        list.emplace_back("another try of", fmt::format("run {}", info.retry_of()));
    }
    if (info.group() != 0) {
        list.emplace_back("group", fmt::format("g{}", info.group()));
    }
    list.emplace_back("folder", info.folder());
    return section("Versions and hashes", facts_list(list));
}

std::string run_file_part(const RunFacts& facts) {
    return facts.run_file.empty()
               ? section("Run file", paragraph("None was given.", "muted"))
               : section("Run file", fmt::format("<pre class=\"columns\">{}</pre>\n",
                                                 in_markup(facts.run_file)));
}

} // namespace phyll::cli
