# frozen_string_literal: true

# As much of Homebrew as the formula uses, and no more: a word that is not here fails, as a wrong one does there.
#   harness.rb FORMULA FOLDER PREFIX OS ARCH   installs from the archives in FOLDER and runs the formula's test
#   harness.rb FORMULA SOURCE PREFIX OS ARCH --head   installs from a copy of SOURCE
#   harness.rb FORMULA - PREFIX OS ARCH               only reads the formula, as that system does
# Prints what it found as JSON.

require "digest"
require "fileutils"
require "json"
require "open3"
require "pathname"
require "tmpdir"

class Pathname
  def install(*sources)
    mkpath
    sources.each { |source| FileUtils.mv(source.to_s, self / File.basename(source.to_s)) }
  end

  # Homebrew's makes the folder and refuses to write over a file.
  def write(text)
    raise "#{self} is there already" if exist?

    dirname.mkpath
    File.write(to_s, text)
  end
end

# What a block such as `livecheck do` says.
class Words
  attr_reader :said

  def initialize(*known, &block)
    @known = known
    @said = {}
    instance_eval(&block)
  end

  def method_missing(word, *values)
    raise "the formula says #{word}, which is not known there" unless @known.include?(word)

    @said[word] = values
  end

  def respond_to_missing?(word, _all = false) = @known.include?(word)
end

class Formula
  class << self
    attr_accessor :system_name, :processor
    attr_reader :said, :test_block

    def inherited(formula)
      super
      @last = formula
      formula.instance_variable_set(:@said, {})
    end

    attr_reader :last

    %i[desc homepage version license url sha256].each do |word|
      define_method(word) do |value|
        raise "#{word} is said twice" if said.key?(word)

        said[word] = value
      end
    end

    def on_macos = (yield if Formula.system_name == "darwin")
    def on_linux = (yield if Formula.system_name == "linux")
    def on_arm = (yield if Formula.processor == "arm64")
    def on_intel = (yield if Formula.processor == "x64")

    def livecheck(&block) = said[:livecheck] = Words.new(:url, :strategy, &block).said
    def head(&block) = said[:head] = Words.new(:url, :depends_on, &block).said
    def test(&block) = @test_block = block
  end

  attr_reader :prefix, :testpath

  def initialize(prefix, head)
    @prefix = Pathname(prefix)
    @head = head
  end

  def name = self.class.name.downcase
  def version = self.class.said[:version] || "HEAD"
  def head? = @head
  def build = self
  def bin = prefix / "bin"
  def share = prefix / "share"

  COMPLETIONS = { bash: "etc/bash_completion.d/%s", zsh: "share/zsh/site-functions/_%s",
                  fish: "share/fish/vendor_completions.d/%s.fish" }.freeze

  def generate_completions_from_executable(*command, shells:)
    shells.each do |shell|
      text, status = Open3.capture2(*command.map(&:to_s), shell.to_s)
      raise "#{command.join(" ")} #{shell} failed" unless status.success?

      (prefix / format(COMPLETIONS.fetch(shell), name)).write(text)
    end
  end

  def system(*command)
    raise "#{command.join(" ")} failed" unless Kernel.system(*command, out: $stderr)
  end

  def shell_output(command, expected = 0)
    output, status = Open3.capture2(command)
    raise "#{command} ended with #{status.exitstatus}: #{output}" unless status.exitstatus == expected

    output
  end

  def assert_match(wanted, text)
    raise "#{wanted.inspect} is not in #{text.inspect}" unless text.match?(wanted.is_a?(String) ? Regexp.escape(wanted) : wanted)
  end

  def run_test
    Dir.mktmpdir do |folder|
      @testpath = Pathname(folder)
      ENV["HOME"] = folder
      Dir.chdir(folder) { instance_eval(&self.class.test_block) }
    end
  end
end

path, from, prefix, Formula.system_name, Formula.processor, head = ARGV
load path
formula = Formula.last.new(prefix, !head.nil?)
said = formula.class.said
if from == "-"
  puts JSON.generate({ said: })
  exit
end

Dir.mktmpdir do |folder|
  if head
    Kernel.system("git", "clone", "--quiet", from, folder) or raise "no clone"
  else
    archive = File.join(from, File.basename(said.fetch(:url)))
    raise "the sum is another" unless Digest::SHA256.file(archive).hexdigest == said.fetch(:sha256)

    Kernel.system("tar", "-xzf", archive, "-C", folder) or raise "no archive"
  end
  Dir.chdir(folder) { formula.install }
end
runs = Formula.system_name == "linux" && Formula.processor == "x64"
formula.run_test if runs

files = Dir.glob("**/*", base: prefix).select { |file| File.file?(File.join(prefix, file)) }.sort
puts JSON.generate({ said:, caveats: formula.caveats, files:, tested: runs })
