#include "sim/bench/usb/usbfs.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

namespace phyll::bench::usb {
namespace {

/// Whether a control transfer is for the interface or one of its endpoints.
bool for_interface(const Urb& urb) {
    constexpr std::uint8_t request_recipient = 0x1F;
    constexpr std::uint8_t request_kind = 0x60;
    if (urb.kind != Urb::Kind::control) {
        return true;
    }
    return !urb.out.empty() && (urb.out[0] & request_kind) != 0 &&
           (urb.out[0] & request_recipient) != 0;
}

} // namespace

void Usbfs::close(File file) {
    const auto of_file = [file](const std::shared_ptr<Urb>& urb) { return urb->file == file; };
    std::erase_if(pending_, of_file);
    std::erase_if(done_, of_file);
    if (claimed_by_ == file) {
        let_go();
    }
    tell();
}

int Usbfs::claim(File file) {
    if (claimed_by_ == file) {
        return 0;
    }
    if (kernel_driver_ || claimed_by_ != nullptr) {
        return EBUSY;
    }
    claimed_by_ = file;
    tell_claimed_(true);
    return 0;
}

int Usbfs::release(File file) {
    if (claimed_by_ != file) {
        return EINVAL;
    }
    let_go();
    return 0;
}

void Usbfs::let_go() {
    if (std::exchange(claimed_by_, nullptr) != nullptr) {
        tell_claimed_(false);
    }
}

/// Whoever did not claim the interface claims it by using it, as far as that is possible.
int Usbfs::may_use_interface(const Urb& urb) {
    return for_interface(urb) ? claim(urb.file) : 0;
}

int Usbfs::submit(const std::shared_ptr<Urb>& urb) {
    if (const int error = may_use_interface(*urb); error != 0) {
        return error;
    }
    pending_.push_back(urb);
    pump();
    return 0;
}

int Usbfs::discard(File file, std::uint64_t address) {
    const auto found = std::ranges::find_if(pending_, [&](const std::shared_ptr<Urb>& urb) {
        return urb->file == file && urb->address == address;
    });
    if (found == pending_.end()) {
        return EINVAL;
    }
    const std::shared_ptr<Urb> urb = std::move(*found);
    pending_.erase(found);
    done(urb, -ENOENT);
    return 0;
}

std::shared_ptr<Urb> Usbfs::reap(File file) {
    const auto found = std::ranges::find(done_, file, &Urb::file);
    if (found == done_.end()) {
        return nullptr;
    }
    std::shared_ptr<Urb> urb = std::move(*found);
    done_.erase(found);
    tell();
    return urb;
}

int Usbfs::clear_halt(std::uint8_t endpoint) {
    device_.clear_halt(endpoint);
    pump();
    return 0;
}

int Usbfs::reset() {
    device_.reset();
    pump();
    return 0;
}

const char* Usbfs::driver() const {
    if (kernel_driver_) {
        return "usbtmc";
    }
    return claimed_by_ != nullptr ? "usbfs" : nullptr;
}

int Usbfs::disconnect_driver() {
    return std::exchange(kernel_driver_, false) ? 0 : ENODATA;
}

int Usbfs::connect_driver() {
    if (kernel_driver_ || claimed_by_ != nullptr) {
        return EBUSY;
    }
    kernel_driver_ = true;
    return 0;
}

void Usbfs::pump() {
    if (std::exchange(pumping_, true)) {
        return; // What a transfer sets off is looked at when it is done.
    }
    while (plugged_ && advance()) {
    }
    pumping_ = false;
}

/// Of each endpoint only the first that waits may go on.
bool Usbfs::advance() {
    std::set<std::pair<Urb::Kind, std::uint8_t>> seen;
    for (auto at = pending_.begin(); at != pending_.end(); ++at) {
        Urb& urb = **at;
        if (!seen.insert({urb.kind, urb.endpoint}).second) {
            continue;
        }
        const std::optional<int> status = device_.transfer(urb);
        if (!plugged_) {
            return false; // It was its last, and all that waited is done.
        }
        if (status) {
            const std::shared_ptr<Urb> finished = std::move(*at);
            pending_.erase(at);
            done(finished, *status);
            return true;
        }
    }
    return false;
}

void Usbfs::unplug() {
    plugged_ = false;
    kernel_driver_ = false;
    for (const std::shared_ptr<Urb>& urb : std::exchange(pending_, {})) {
        done(urb, -ESHUTDOWN);
    }
    let_go();
}

void Usbfs::done(const std::shared_ptr<Urb>& urb, int status) {
    urb->status = status;
    if (status != 0) {
        urb->in.clear();
    }
    done_.push_back(urb);
    tell();
}

void Usbfs::tell() {
    if (std::exchange(reapable_, !done_.empty()) != !done_.empty()) {
        tell_reapable_(reapable_);
    }
}

} // namespace phyll::bench::usb
