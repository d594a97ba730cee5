#include "daemon/doctor/checks.hpp"
#include "daemon/doctor/processes.hpp"
#include "drivers/core/error.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace phyll::doctor {
namespace {

using transports::SerialAddress;
using transports::UsbAddress;

/// Calls `with(instrument, address)` for each real instrument that is reached in a way.
template <class Way, class With>
void for_each_of(const Subject& subject, With with) {
    for (const v1::InstrumentConfig& instrument : subject.config.instruments()) {
        if (instrument.virtual_() || instrument.kind() == "camera") {
            continue;
        }
        const transports::VisaAddress address = transports::parse_visa(instrument.address());
        if (const auto* way = std::get_if<Way>(&address)) {
            with(instrument, *way);
        }
    }
}

/// A USB device: its folder in /sys.
struct UsbDevice {
    std::filesystem::path folder;
    std::string vendor;  ///< four hexadecimal digits
    std::string product; ///< the same
    std::string serial;
    std::filesystem::path node; ///< in /dev
};

int number_in(const std::string& text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

UsbDevice device_at(const Host& host, const std::filesystem::path& folder) {
    return {.folder = folder,
            .vendor = host.line_of(folder / "idVendor"),
            .product = host.line_of(folder / "idProduct"),
            .serial = host.line_of(folder / "serial"),
            .node =
                fmt::format("/dev/bus/usb/{:03}/{:03}", number_in(host.line_of(folder / "busnum")),
                            number_in(host.line_of(folder / "devnum")))};
}

std::vector<UsbDevice> usb_devices(const Host& host) {
    std::vector<UsbDevice> found;
    for (const std::filesystem::path& folder : host.entries("/sys/bus/usb/devices")) {
        if (host.exists(folder / "idVendor")) {
            found.push_back(device_at(host, folder));
        }
    }
    return found;
}

/// Where USB3 Vision cameras have their control (class, subclass and protocol of an interface).
bool is_camera(const Host& host, const UsbDevice& device) {
    const std::string name = device.folder.filename().string();
    return std::ranges::any_of(host.entries(device.folder),
                               [&](const std::filesystem::path& interface) {
                                   return interface.filename().string().starts_with(name + ":") &&
                                          host.line_of(interface / "bInterfaceClass") == "ef" &&
                                          host.line_of(interface / "bInterfaceSubClass") == "05";
                               });
}

void judge_node(const Host& host, const std::string& instrument, const UsbDevice& device,
                Findings& findings) {
    if (host.may_use(device.node)) {
        findings.fine(instrument, fmt::format("{} may use it", own_user()));
        return;
    }
    findings.fault(
        instrument,
        fmt::format("{} may not use its device file {}: {}", own_user(), device.node.string(),
                    ownership_of(host, device.node)),
        fmt::format("put 60-phylld.rules in place (docs/instruments.md), 'adduser {} phylld', "
                    "'udevadm control --reload && udevadm trigger', and restart phylld",
                    own_user()));
}

void judge_usb(const Host& host, const std::vector<UsbDevice>& devices,
               const v1::InstrumentConfig& instrument, const UsbAddress& address,
               Findings& findings) {
    const std::string vendor = fmt::format("{:04x}", address.vendor);
    const std::string product = fmt::format("{:04x}", address.product);
    const auto same_model = [&](const UsbDevice& each) {
        return each.vendor == vendor && each.product == product;
    };
    const auto found = std::ranges::find_if(devices, [&](const UsbDevice& each) {
        return same_model(each) && each.serial == address.serial;
    });
    if (found != devices.end()) {
        judge_node(host, instrument.name(), *found, findings);
        return;
    }
    const auto other = std::ranges::find_if(devices, same_model);
    findings.warning(
        instrument.name(),
        other == devices.end()
            ? fmt::format("no USB device {}:{} is plugged in", vendor, product)
            : fmt::format("the USB device {}:{} that is plugged in has the serial number '{}', and "
                          "its address says '{}'",
                          vendor, product, other->serial, address.serial),
        other == devices.end()
            ? "see that it is on and plugged in; 'lsusb' lists what is there"
            : "plug in the one that is meant, or correct the instrument's address");
}

/// The USB device that a serial line is an end of; nothing where it is none.
std::optional<UsbDevice> usb_behind(const Host& host, const std::filesystem::path& line) {
    std::filesystem::path folder =
        host.resolved(std::filesystem::path("/sys/class/tty") / line.filename() / "device");
    while (folder.has_relative_path() && folder != "/sys") {
        if (host.exists(folder / "idVendor")) {
            return device_at(host, folder);
        }
        folder = folder.parent_path();
    }
    return std::nullopt;
}

/// Whether udev was told to keep ModemManager away from it.
bool is_kept_from_modems(const Host& host, const UsbDevice& device) {
    const std::string number = host.line_of(device.folder / "dev");
    const std::string known = host.read("/run/udev/data/c" + number).value_or("");
    return known.find("E:ID_MM_DEVICE_IGNORE=1") != std::string::npos;
}

void judge_others(const Host& host, const std::vector<ProcessView>& all,
                  const std::string& instrument, const std::filesystem::path& line,
                  Findings& findings) {
    for (const ProcessView& process : all) {
        if (process.number != ::getpid() && has_open(host, process.number, line)) {
            findings.warning(instrument,
                             fmt::format("{} has {} open", process.in_words(), line.string()),
                             "close that program: two that talk on a line hear half of what each "
                             "is told");
            return;
        }
    }
    const auto managers = named(all, {"ModemManager"});
    const auto device = usb_behind(host, line);
    if (!managers.empty() && device && !is_kept_from_modems(host, *device)) {
        findings.warning(
            instrument,
            fmt::format("{} runs, and nothing keeps it from {} (USB {}:{}): it tries new lines out "
                        "with words of its own",
                        managers.front().in_words(), line.string(), device->vendor,
                        device->product),
            fmt::format("add ATTR{{idVendor}}==\"{}\", ATTR{{idProduct}}==\"{}\", "
                        "ENV{{ID_MM_DEVICE_IGNORE}}=\"1\" to 60-phylld.rules "
                        "(docs/instruments.md), or 'systemctl disable --now ModemManager'",
                        device->vendor, device->product));
    }
}

void judge_serial(const Host& host, const std::vector<ProcessView>& all,
                  const v1::InstrumentConfig& instrument, const SerialAddress& address,
                  Findings& findings) {
    if (!host.exists(address.device)) {
        findings.warning(instrument.name(),
                         fmt::format("its device file {} is not there", address.device),
                         "see that its adapter is plugged in; 'ls -l /dev/serial/by-id' lists "
                         "those that are, by names that stay");
        return;
    }
    const std::size_t before = findings.all().size();
    if (!host.may_use(address.device)) {
        const std::string group = group_of(host, address.device);
        findings.fault(instrument.name(),
                       fmt::format("{} may not use its device file {}: {}", own_user(),
                                   address.device, ownership_of(host, address.device)),
                       fmt::format("'adduser {} {}', and restart phylld", own_user(),
                                   group == "root" ? "dialout" : group));
    }
    judge_others(host, all, instrument.name(), host.resolved(address.device), findings);
    if (findings.all().size() == before) {
        findings.fine(instrument.name(),
                      fmt::format("{} may use its line, and nobody else does", own_user()));
    }
}

} // namespace

void check_usb(const Premises& premises, Findings& findings) {
    std::optional<std::vector<UsbDevice>> devices;
    const auto all = [&]() -> const std::vector<UsbDevice>& {
        if (!devices) {
            devices = usb_devices(premises.host);
        }
        return *devices;
    };
    for_each_of<UsbAddress>(premises.subject,
                            [&](const v1::InstrumentConfig& instrument, const UsbAddress& address) {
                                judge_usb(premises.host, all(), instrument, address, findings);
                            });
    for (const v1::InstrumentConfig& instrument : premises.subject.config.instruments()) {
        if (instrument.virtual_() || instrument.kind() != "camera") {
            continue;
        }
        // One on Ethernet has no device file; which one a name means is known by its end.
        for (const UsbDevice& device : all()) {
            if (!device.serial.empty() && instrument.address().ends_with(device.serial) &&
                is_camera(premises.host, device)) {
                judge_node(premises.host, instrument.name(), device, findings);
            }
        }
    }
}

void check_serial(const Premises& premises, Findings& findings) {
    std::optional<std::vector<ProcessView>> all;
    for_each_of<SerialAddress>(premises.subject, [&](const v1::InstrumentConfig& instrument,
                                                     const SerialAddress& address) {
        if (!all) {
            all = processes(premises.host);
        }
        judge_serial(premises.host, *all, instrument, address, findings);
    });
}

} // namespace phyll::doctor
