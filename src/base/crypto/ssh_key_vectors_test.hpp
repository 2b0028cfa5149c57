// Keys, fingerprints and signatures that other programs made, for ssh_key_test.cpp.
//
// ssh-keygen 9.2p1 made the keys (-t ed25519, ecdsa -b 256 384 521, rsa -b 1024, dsa) and the
// certificates: `-s ed25519_ca -n root,admin`, `-s ecdsa_256 -h -n host` and `-s rsa -t
// rsa-sha2-256 -n a`. Python's cryptography put the blobs of security keys together from ordinary
// keys and made the signatures, each over the four bytes `data`: key.sign(b'data', ec.ECDSA(hash)),
// key.sign(b'data', padding.PKCS1v15(), hash), or, for security keys, over
// sha256(b'ssh:') + b'\x01\0\0\0\x07' + sha256(b'data').
#pragma once

#include <array>
#include <string_view>

namespace skep::crypto {

/// `bits` and `fingerprint` are the output of `ssh-keygen -l`.
struct KnownKey {
    std::string_view type;
    unsigned bits;
    std::string_view fingerprint;
    std::string_view blob; ///< In base64, as everything here.
};

struct KnownSignature {
    std::size_t key; ///< Its index in known_keys.
    std::string_view algorithm;
    std::string_view signature;
};

inline constexpr std::array known_keys{
    KnownKey{"ssh-ed25519", 256, "SHA256:XdppP8GniABWcbFDp3jQ6wE/VjAnU9UC8vfHvm6h6Rc",
             "AAAAC3NzaC1lZDI1NTE5AAAAIOrLipUjqoc6UIIf1pKzsIX2uq1ik92PZyjxXtCi139a"},
    KnownKey{"ecdsa-sha2-nistp256", 256, "SHA256:/5mVqltcAie96+bNXYu6FI5CAU7+ONbyzmk4GqlbKN0",
             "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHSQwKYxPt0FoXm/2FpimWmJ/ySD"
             "wrLWYhzUWCekJ2/mRl38uTCHEMZmofZfY4yVNWIFuh86LPk7xNAIPuBNn+g="},
    KnownKey{"ecdsa-sha2-nistp384", 384, "SHA256:hyiGECD2U0VWN3G6PaWSP3v4f9ko4jr0Ek4Qkgm5cBQ",
             "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBBjD+bSnesKCEAg3NYAnc5JkcyOb"
             "EpOGjQtDGsxNHbrFPJFSWXyma3ClgizvyTftX8eQINsFkHcBGHHN2b2cc10sILiKYyBbMJMKkPozFhF6"
             "L9iAMOJ2jrGDoypqIg24ng=="},
    KnownKey{"ecdsa-sha2-nistp521", 521, "SHA256:F/0rM9B5N9kNsZk9l9OBrlTBRQclTi10AGk2EV/u9j8",
             "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAHAVYaqW91hf9cZnPl30gO4FHSh"
             "frtr0QJ2I++B+hyXA8yGbgrkl7WWmcIxP2CMgKE14ZejznbDfzQBmJFdGhDKpAFIr/xFcSwCeBOejDoM"
             "YNv2Oc3eeRacuzVh5aFYeQZrHncOaj3AH2PYnQVyFOVR00HVXhfoCJx778g/PnvdurjW1A=="},
    KnownKey{"ssh-rsa", 1024, "SHA256:CphTzsJEpR17debDX8XISRtjDLmalYtKSXe3llZlsyc",
             "AAAAB3NzaC1yc2EAAAADAQABAAAAgQC4xyH42XHhTNVBPiEPKPlMD5i5ZElRQTZJGrtdFPPuhTbDqMHZ"
             "1c7vRP/FbwTzX4q0wV809W8K0/qjmiKQC91FlwBN40bJM5q/n9YJni4KNeYF7sGjhzn/xQOd0ZNYNZlg"
             "AgwwwG9AHqw+NZuZCEZhwbmT2CtpR1JciiOx2BQhuQ=="},
    KnownKey{"ssh-dss", 1024, "SHA256:yqbArDydVxtE2s5USFFPt2NfvcLRkxm6jEw+cIfK05w",
             "AAAAB3NzaC1kc3MAAACBALYb4fKxqt15rvArUIVP+U6OU0h+7nFiXdFLOimFOaOQsWiy0m1v68KWGcjs"
             "n2EUUurBqKAq0+ULGM39KGgIAPEwKiHNZAU7kWqj8iEy3FmLHESU1HMXD7hU8tfaHwLYA2dJywjv7MO/"
             "i24vO8Ajo+5SBPcNSQODgFw+GdKE2lw3AAAAFQDyG+mqndvIeKODr+whPo2xeka6NQAAAIEAgXYTBDIK"
             "8TIU01X1mo6rHEzWfDrzG5+L0beoLGPrGCPZ3i0wvBLUlW2pO5iu53OIVYnKam86heU0v9gSsUIoa4op"
             "HWkxI0SknhVhUpgyAkB+a0ypLOxhkxvWM5EgH9gCAfXx5oGJf40fKAMrMvC9v9gIVwxlAgy2MBImnYCu"
             "DWoAAACAf4B0iXC/bnkom9eGeWei2xBQIQU0/Fctlvgxvap63ZX6hv9/D1SzOLqEbh5X/GzEk0EwB6aX"
             "NFxtQ2foJQK3i6G3lw1N6opQKi+Cucb3PFkrLmpKFwY+Lcl/djb57E36FkGFYe8Kntn2qc2ohQlF8yep"
             "szjXrK09lOOjtwGK9Uw="},
    KnownKey{"sk-ssh-ed25519@openssh.com", 256,
             "SHA256:XN6cICOsyWcPrm4QADuSe3TIJc5b/iADM4SWZaGcK7A",
             "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIGi5RtLeY7lodVcYHZOeESj4r/MMKwkq2P1F"
             "To7hX4uNAAAABHNzaDo="},
    KnownKey{"sk-ecdsa-sha2-nistp256@openssh.com", 256,
             "SHA256:H6drJdykb98yJ5vODWDahhkNGQPzDDuDfM5rqbbjxCM",
             "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBLFpcROE"
             "+2u6IPBCvHt6lG/4LJbrdJF/U+gQVqAhZ7UJQqo7ta83HFQVS+IRn4Zc4TMWA3L7Cn4MTrQSa1WQabgA"
             "AAAEc3NoOg=="},
    KnownKey{"ssh-ed25519-cert-v01@openssh.com", 256,
             "SHA256:XdppP8GniABWcbFDp3jQ6wE/VjAnU9UC8vfHvm6h6Rc",
             "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIBBReEbUySWvFcVxAjiawoThdXJv"
             "aqOW7HDQsBTBKlUfAAAAIOrLipUjqoc6UIIf1pKzsIX2uq1ik92PZyjxXtCi139aAAAAAAAAAAAAAAAB"
             "AAAAAmlkAAAAEQAAAARyb290AAAABWFkbWluAAAAAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1p"
             "dC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1p"
             "dC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAA"
             "AAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAILD+CnrnH8eDavYTEnGFSfaY3YdSR90Lg/je6m7fqSRo"
             "AAAAUwAAAAtzc2gtZWQyNTUxOQAAAEBEzV3Cd5eBnnajiptoITkCjiAB/XygQwsLWNIT9gegjnmvF3br"
             "jispLB/jcTN/OyUBqYc1EqHF+eSgdX1Wn+sG"},
    KnownKey{"ssh-rsa-cert-v01@openssh.com", 1024,
             "SHA256:CphTzsJEpR17debDX8XISRtjDLmalYtKSXe3llZlsyc",
             "AAAAHHNzaC1yc2EtY2VydC12MDFAb3BlbnNzaC5jb20AAAAg26hm8yiH+XWNBB8c+WeeNSBV59bTxCO9"
             "ZpljtCwWtQMAAAADAQABAAAAgQC4xyH42XHhTNVBPiEPKPlMD5i5ZElRQTZJGrtdFPPuhTbDqMHZ1c7v"
             "RP/FbwTzX4q0wV809W8K0/qjmiKQC91FlwBN40bJM5q/n9YJni4KNeYF7sGjhzn/xQOd0ZNYNZlgAgww"
             "wG9AHqw+NZuZCEZhwbmT2CtpR1JciiOx2BQhuQAAAAAAAAAAAAAAAgAAAAJpZAAAAAgAAAAEaG9zdAAA"
             "AAAAAAAA//////////8AAAAAAAAAAAAAAAAAAABoAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz"
             "dHAyNTYAAABBBHSQwKYxPt0FoXm/2FpimWmJ/ySDwrLWYhzUWCekJ2/mRl38uTCHEMZmofZfY4yVNWIF"
             "uh86LPk7xNAIPuBNn+gAAABjAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAABIAAAAIBpPpHX3Mk57vTfY"
             "WJHX22Na4yOS33t0Hw9eCaI38dKTAAAAIFr/5FMgRmvwruYqrYDtZ6h8VBl1FCKMcORxh5Nnjq9c"},
    KnownKey{"ecdsa-sha2-nistp384-cert-v01@openssh.com", 384,
             "SHA256:hyiGECD2U0VWN3G6PaWSP3v4f9ko4jr0Ek4Qkgm5cBQ",
             "AAAAKGVjZHNhLXNoYTItbmlzdHAzODQtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgh6Cj8r9o+tTKjA48"
             "uekdKs4qXJaK9XJTXpRdktWfmJ0AAAAIbmlzdHAzODQAAABhBBjD+bSnesKCEAg3NYAnc5JkcyObEpOG"
             "jQtDGsxNHbrFPJFSWXyma3ClgizvyTftX8eQINsFkHcBGHHN2b2cc10sILiKYyBbMJMKkPozFhF6L9iA"
             "MOJ2jrGDoypqIg24ngAAAAAAAAAAAAAAAQAAAAJpZAAAAAUAAAABYQAAAAAAAAAA//////////8AAAAA"
             "AAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2VudC1mb3J3YXJkaW5n"
             "AAAAAAAAABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJt"
             "aXQtdXNlci1yYwAAAAAAAAAAAAAAlwAAAAdzc2gtcnNhAAAAAwEAAQAAAIEAuMch+Nlx4UzVQT4hDyj5"
             "TA+YuWRJUUE2SRq7XRTz7oU2w6jB2dXO70T/xW8E81+KtMFfNPVvCtP6o5oikAvdRZcATeNGyTOav5/W"
             "CZ4uCjXmBe7Bo4c5/8UDndGTWDWZYAIMMMBvQB6sPjWbmQhGYcG5k9graUdSXIojsdgUIbkAAACUAAAA"
             "DHJzYS1zaGEyLTI1NgAAAICM9IvyPvIwedQpQDNHXcoX5k0Qajbh8KWSOIekhu/h19lKN7afQJ0q8F9y"
             "7eBD5fJ5D0BGjNh4vjU/o354eL1fzaDZMnpI2bn04o4H5BJ+Vs80VK1c/dRLZLv4BNO6xEzH3V7bmyGp"
             "UoxW6HMHsW0rnaEe0cNd5AZ7ZroIdjO3dw=="},
};

inline constexpr std::array known_signatures{
    KnownSignature{
        0, "ssh-ed25519",
        "AAAAC3NzaC1lZDI1NTE5AAAAQEt7/namCfVOTru901ibOLtIuPz+03eOEdhnS6z3BAczPP1wei5OYixX"
        "Yx3sbX8IVrNvvyGsHfItOaR6f0fJnww="},
    KnownSignature{
        1, "ecdsa-sha2-nistp256",
        "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAABJAAAAIHlnKkeyRjeBsNkskd0HA4gudsqcSbBOp67644RP"
        "+cqFAAAAIQC0+CT6Uu7nJ/F0oz01acdl4dS3JekJJC+LElqqyyB41w=="},
    KnownSignature{
        2, "ecdsa-sha2-nistp384",
        "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAABqAAAAMQC8BVY8bgGyulFDRC7+80xEA81a+0UL90BtTc43"
        "uhEwEjjPASMXaNskbh57xTcRlJIAAAAxAI4ZAfW/0ptT1189GxxPgIlw504es78rxC66ny7fcdTBHgHe"
        "tqHAd8qk+Mu9uU11BQ=="},
    KnownSignature{
        3, "ecdsa-sha2-nistp521",
        "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAACKAAAAQTrU2C89qPGs4orrIyZ0ytQXx2UF9oP81zoQWnDj"
        "auz1mvnhZtqjZV0iv2C4OmS5hP+MmoY6TWQjT79NhydV0BWRAAAAQVPuXLflzSwbBR2UMVqnkkOdw97u"
        "TaLsNC7Mypp0jXpaDTCkah3xyhUkwGvo3cH1ScHJHWWgPUSxkkV1yQ++8jK9"},
    KnownSignature{
        4, "ssh-rsa",
        "AAAAB3NzaC1yc2EAAACApowKO29M0lNXVmrSgSwdtlwZm8d044PXuuBgyVpo7ouRNSu2WGft3M/62YKP"
        "4DxNFEamnhhBOKhvpOfWCK/EwKi2pFVLzSEcjH9L4ZXqNvFcJfKV77KSk74xBT6BazjIVJlGtaxwvuBb"
        "m+DRIP0VY+qq4NrjmXq6r10tVB/AaOY="},
    KnownSignature{
        4, "rsa-sha2-256",
        "AAAADHJzYS1zaGEyLTI1NgAAAIAgFxesLfrO/2cW7FynSrLj9ZbBcQIr2sO+Lv8QhOEUG8kBfiaIjf+4"
        "c97/fgAzDRNXu9zK1hX+z5dEIUiha0qdi2mRqoXoilcbZ0Tuu2clyGhxeQPJT+3c1wG46o2PYr/pysGI"
        "2HTxtY3FGb+EpEquCuC8xwpdueo4I3QNP190gw=="},
    KnownSignature{
        4, "rsa-sha2-512",
        "AAAADHJzYS1zaGEyLTUxMgAAAIBDkvzSqQDv3QC+r7lePgxQ1KXcmDBd0Ee10/BoUNuevmJ3dnZr53MY"
        "/1U+29WTXWeFLQwfrrbF5G+4zMZLY9fEVrL/pziNBqUwzQcQe4VQQEePVNyJ2neCwqUwLbM09Tk0uW4+"
        "uZT9BzXKWTxTDRV7gzbRJARbaPKFcFOGh7D+vA=="},
    KnownSignature{
        6, "sk-ssh-ed25519@openssh.com",
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQBucygHLZcOqNwTybI2iBcFOi0hRS0m58x/D"
        "V/cbaOeAsAvSdsS0PIauSroepXybbdjOphdGEqXJCAI/zLgAcAgBAAAABw=="},
    KnownSignature{
        7, "sk-ecdsa-sha2-nistp256@openssh.com",
        "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAABIAAAAID1lmV8LNTZBCMBavJmc"
        "8ChkUF8QWPvA5rRDUSUzW8qRAAAAIHN4AIpenro9YtNN3nXrwzDd1msIY7Sr425+aIGrhoJWAQAAAAc="},
};

} // namespace skep::crypto
