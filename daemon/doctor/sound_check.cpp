#include "daemon/doctor/processes.hpp"
#include "daemon/doctor/served.hpp"

#include <algorithm>
#include <charconv>

namespace phyll::doctor {
namespace {

/// A desktop's sound servers.
const std::vector<std::string_view> sound_servers{"pipewire", "wireplumber", "pipewire-pulse",
                                                  "pulseaudio"};

/// Who has a sound card, and which: of /proc/asound/card1/pcm0p/sub0/status.
struct CardHolder {
    std::string card; ///< "card1"
    ProcessView process;
};

std::optional<pid_t> owner_in(const std::string& status) {
    constexpr std::string_view key = "owner_pid";
    const std::size_t at = status.find(key);
    const std::size_t colon = status.find(':', at == std::string::npos ? 0 : at);
    if (at == std::string::npos || colon == std::string::npos) {
        return std::nullopt; // it is closed
    }
    const std::size_t begin = status.find_first_not_of(" \t", colon + 1);
    pid_t owner = 0;
    if (begin != std::string::npos) {
        std::from_chars(status.data() + begin, status.data() + status.size(), owner);
    }
    return owner > 0 ? std::optional(owner) : std::nullopt;
}

bool is_named(const std::filesystem::path& path, std::string_view beginning) {
    return path.filename().string().starts_with(beginning);
}

std::vector<CardHolder> card_holders(const Host& host) {
    std::vector<CardHolder> found;
    for (const std::filesystem::path& card : host.entries("/proc/asound")) {
        if (!is_named(card, "card") || card.filename() == "cards") {
            continue;
        }
        for (const std::filesystem::path& device : host.entries(card)) {
            if (!is_named(device, "pcm")) {
                continue;
            }
            for (const std::filesystem::path& part : host.entries(device)) {
                const auto owner = owner_in(host.read(part / "status").value_or(""));
                const auto process = owner ? process_of(host, *owner) : std::nullopt;
                if (process && std::ranges::none_of(found, [&](const CardHolder& each) {
                        return each.card == card.filename() &&
                               each.process.number == process->number;
                    })) {
                    found.push_back({.card = card.filename().string(), .process = *process});
                }
            }
        }
    }
    return found;
}

/// The card that ALSA's name of a device means: "hw:1,0" and "hw:CARD=USB,DEV=0"; empty: another
/// name.
std::string card_of(const Host& host, const std::string& device) {
    const std::size_t colon = device.find(':');
    if (colon == std::string::npos) {
        return {};
    }
    std::string card = device.substr(colon + 1, device.find(',', colon) - colon - 1);
    if (card.starts_with("CARD=")) {
        card.erase(0, 5);
    }
    if (card.empty()) {
        return {};
    }
    return std::ranges::all_of(card, [](char c) { return c >= '0' && c <= '9'; })
               ? "card" + card
               : host.resolved("/proc/asound/" + card).filename().string();
}

/// The phyllaudio that listens at that port; nothing where none is seen.
std::optional<ProcessView> phyllaudio_at(const std::vector<ProcessView>& all, std::uint16_t port) {
    constexpr std::uint16_t usual_port = 9412;
    for (const ProcessView& each : named(all, {"phyllaudio"})) {
        const std::string said = each.option("--port");
        if (said == std::to_string(port) || (said.empty() && port == usual_port)) {
            return each;
        }
    }
    return std::nullopt;
}

/// What keeps phyllaudio from starting, as far as this user may know it.
std::string about_devices(const Host& host) {
    const auto nodes = host.entries("/dev/snd");
    const auto node =
        std::ranges::find_if(nodes, [](const auto& each) { return is_named(each, "pcm"); });
    if (node == nodes.end()) {
        return ", and there is no sound card (/dev/snd)";
    }
    return host.may_use(*node)
               ? ""
               : fmt::format("; {} itself may not use {}: {}; whoever starts it must be in the "
                             "group",
                             own_user(), node->string(), ownership_of(host, *node));
}

void judge_holders(const Premises& premises, const std::string& instrument, std::uint16_t port,
                   bool served, Findings& findings) {
    const std::vector<ProcessView> all = processes(premises.host);
    const auto own = phyllaudio_at(all, port);
    const std::string card = own ? card_of(premises.host, own->option("--device")) : std::string();
    const std::string advice =
        "switch the card's profile off there ('pavucontrol', Configuration: Off), or end it; then "
        "'systemctl restart phyllaudio'";
    for (const CardHolder& holder : card_holders(premises.host)) {
        if ((card.empty() || holder.card == card) &&
            !named({holder.process}, sound_servers).empty()) {
            findings.warning(
                instrument,
                fmt::format("{} holds the sound card {}", holder.process.in_words(), holder.card),
                advice);
            return;
        }
    }
    // One that serves has its card.
    const auto servers = named(all, sound_servers);
    if (!served && !servers.empty()) {
        findings.warning(instrument,
                         fmt::format("{} runs, and takes every sound card that it finds",
                                     servers.front().in_words()),
                         advice);
    }
}

} // namespace

void check_sound(const Premises& premises, Findings& findings) {
    for_each_served(premises.subject, "audio", "phyllaudio", findings,
                    [&](const std::string& instrument, std::uint16_t port) {
                        const std::size_t before = findings.all().size();
                        const bool served = is_served(premises, instrument, port, "phyllaudio",
                                                      about_devices(premises.host), findings);
                        judge_holders(premises, instrument, port, served, findings);
                        if (findings.all().size() == before) {
                            findings.fine(instrument,
                                          "its phyllaudio listens, and no sound server holds the "
                                          "card");
                        }
                    });
}

} // namespace phyll::doctor
