# Made by scripts/formula.ts. From this repository itself, as a tap:
#   brew tap owner.invalid/silo https://github.com/owner.invalid/silo
#   brew install owner.invalid/silo/silo            the newest release
#   brew install --HEAD owner.invalid/silo/silo     from source
class Silo < Formula
  desc "Run AI coding agents in auto-approve mode in a container, a sandbox or a VM"
  homepage "https://github.com/owner.invalid/silo"
  license "Apache-2.0"

  livecheck do
    url "https://github.com/owner.invalid/silo"
    strategy :github_latest
  end

  head do
    url "https://github.com/owner.invalid/silo.git", branch: "main"

    depends_on "node" => :build
  end

  def install
    if build.head?
      # The lock file pins all packages; one of them is the Bun that compiles.
      system "npm", "ci"
      system "npm", "run", "build"
      bin.install "dist/silo"
    else
      bin.install "silo"
    end
    prefix.install "THIRD-PARTY-LICENSES.txt"
    generate_completions_from_executable(bin/"silo", "completion", shells: [:bash, :zsh, :fish])
  end

  def caveats
    <<~EOS
      silo needs one of these backends; `silo doctor` shows what is installed and what is missing:
        container   brew install container && container system start   (Apple silicon)
        docker      brew install docker colima && colima start          (or Docker Desktop, OrbStack)
        fly         brew install flyctl mutagen-io/mutagen/mutagen && fly auth login
    EOS
  end

  test do
    assert_match "silo", shell_output("#{bin}/silo --version")
    assert_match version.to_s, shell_output("#{bin}/silo --version") unless head?
    assert_match "complete -F", shell_output("#{bin}/silo completion bash")
    # A project's settings are checked without any engine.
    (testpath/"silo.jsonc").write '{ "toool": "codex" }'
    assert_match "did you mean \"tool\"", shell_output("#{bin}/silo config show 2>&1", 1)
  end
end
