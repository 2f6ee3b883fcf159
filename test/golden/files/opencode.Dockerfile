FROM ubuntu:24.04 AS base
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
RUN set -e; missing=; \
    for package in build-essential ca-certificates curl git jq libatomic1 libssl-dev ncurses-base pkg-config procps unzip xz-utils zsh zstd; do \
      dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"; \
    done; \
    [ -n "$missing" ] || exit 0; \
    command -v apt-get >/dev/null || { echo "silo: image.base has no apt-get and lacks$missing" >&2; exit 1; }; \
    apt-get update; apt-get install -y --no-install-recommends $missing; rm -rf /var/lib/apt/lists/*
RUN set -e; . /etc/os-release; install -d -m 0755 /etc/apt/keyrings; \
    curl -fsSL "https://download.docker.com/linux/$ID/gpg" -o /etc/apt/keyrings/docker.asc; \
    echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/$ID $VERSION_CODENAME stable" > /etc/apt/sources.list.d/docker.list; \
    apt-get update; apt-get install -y --no-install-recommends containerd.io docker-buildx-plugin docker-ce docker-ce-cli docker-compose-plugin; \
    rm -rf /var/lib/apt/lists/*
RUN set -e; install -d -m 0755 /etc/apt/keyrings; \
    curl -fsSL https://cli.github.com/packages/githubcli-archive-keyring.gpg -o /etc/apt/keyrings/github-cli.gpg; \
    echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/github-cli.gpg] https://cli.github.com/packages stable main" > /etc/apt/sources.list.d/github-cli.list; \
    apt-get update; apt-get install -y --no-install-recommends gh; rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/local/go/bin:$PATH
RUN set -e; arch="$(dpkg --print-architecture)"; \
    release="$(curl -fsSL 'https://go.dev/dl/?mode=json' | jq -r --arg arch "$arch" '[.[] | select(.stable)][0].files[] | select(.os == "linux" and .arch == $arch and .kind == "archive") | .filename + " " + .sha256')"; \
    curl -fsSL "https://go.dev/dl/${release% *}" -o /tmp/go.tar.gz; \
    echo "${release#* }  /tmp/go.tar.gz" | sha256sum -c -; \
    tar -C /usr/local -xzf /tmp/go.tar.gz; rm /tmp/go.tar.gz; \
    GOBIN=/usr/local/bin GOPATH=/tmp/go GOCACHE=/tmp/go-cache go install golang.org/x/tools/gopls@latest; \
    chmod -R u+w /tmp/go; rm -rf /tmp/go /tmp/go-cache
RUN set -e; case "$(dpkg --print-architecture)" in amd64) arch=x64;; *) arch=arm64;; esac; \
    version="$(curl -fsSL https://nodejs.org/dist/index.json | jq -r '.[0].version')"; \
    file="node-$version-linux-$arch.tar.xz"; cd /tmp; \
    curl -fsSLO "https://nodejs.org/dist/$version/$file"; \
    curl -fsSL "https://nodejs.org/dist/$version/SHASUMS256.txt" | grep " $file\$" | sha256sum -c -; \
    tar -C /usr/local --strip-components=1 --no-same-owner -xJf "$file"; rm "$file"
ENV RUSTUP_HOME=/usr/local/rustup PATH=/usr/local/cargo/bin:$PATH
RUN set -e; curl --proto '=https' --tlsv1.2 -fsSL https://sh.rustup.rs -o /tmp/rustup.sh; \
    CARGO_HOME=/usr/local/cargo sh /tmp/rustup.sh -y --no-modify-path --profile minimal --default-toolchain stable \
      -c clippy -c rustfmt -c rust-analyzer -t wasm32v1-none; \
    rm /tmp/rustup.sh; chmod -R a+rX /usr/local/rustup /usr/local/cargo
RUN set -e; case "$(dpkg --print-architecture)" in amd64) arch=x86_64;; *) arch=arm64;; esac; \
    curl -fsSL "https://github.com/github/github-mcp-server/releases/latest/download/github-mcp-server_Linux_$arch.tar.gz" | \
      tar -C /usr/local/bin --no-same-owner -xzf - github-mcp-server
FROM base AS user
ARG USER
ARG UID
ARG GID
ARG HOME
RUN set -e; mkdir -p "$HOME" /opt/silo/bin; \
    if [ "$UID" != 0 ]; then \
      if [ "$UID" -ge 1000 ]; then sed -i "/^[^:]*:[^:]*:$UID:/d" /etc/passwd; fi; \
      name="$USER"; grep -q "^$name:" /etc/passwd && name=silo; \
      grep -q "^[^:]*:[^:]*:$GID:" /etc/group || echo "silo-$GID:x:$GID:" >> /etc/group; \
      echo "$name:x:$UID:$GID::$HOME:/bin/bash" >> /etc/passwd; \
    fi; \
    chown "$UID:$GID" "$HOME"; chown -R "$UID:$GID" /opt/silo
ENV HOME=$HOME SILO_TOOLS=/opt/silo NPM_CONFIG_PREFIX=/opt/silo PATH=$HOME/.local/bin:/opt/silo/bin:$HOME/.cargo/bin:$HOME/go/bin:$PATH
USER $UID:$GID
WORKDIR $HOME
FROM user AS tool
ARG UID
ARG GID
ARG OPENCODE_VERSION
RUN command -v npm >/dev/null || { echo 'silo: opencode-ai needs npm: add "node" to image.toolchains' >&2; exit 1; } \
 && npm install --global --allow-scripts=opencode-ai "opencode-ai@$OPENCODE_VERSION" \
 && npm cache clean --force >/dev/null 2>&1 \
 && opencode --version
RUN ["mkdir","-p","--","/home/ada/.config","/home/ada/.local","/home/ada/.local/share","/home/ada/.local/state"]
