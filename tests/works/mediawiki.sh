#!/usr/bin/env bash
# A MediaWiki on SQLite and PHP's own server, for the suite SlowMediaWiki. It writes below FOLDER only. Debian's packages for it:
#
#   apt-get install --no-install-recommends mediawiki micro-httpd php8.2-cgi php-cli php-sqlite3
#
# (micro-httpd and php8.2-cgi keep Apache away, which mediawiki would bring otherwise.)
#
#   tests/works/mediawiki.sh install FOLDER PORT   makes the wiki with a page of each FOLDER/texts/TITLE.txt
#   tests/works/mediawiki.sh serve FOLDER PORT     serves http://127.0.0.1:PORT/w/api.php until it is killed, as one process
#
# While they are there, FOLDER/lag holds the seconds that the database says it is behind, FOLDER/fault a status that every request is
# answered with, and FOLDER/no-extracts takes the extension TextExtracts away.
set -euo pipefail
export LC_ALL=C.UTF-8  # titles are not ASCII
what=$1 folder=$2 port=$3
wiki=/usr/share/mediawiki
export MW_CONFIG_FILE=$folder/LocalSettings.php

install() {
  mkdir -p "$folder/db" "$folder/root"
  ln -sfn $wiki "$folder/root/w"
  unset MW_CONFIG_FILE
  php $wiki/maintenance/install.php --dbtype=sqlite --dbpath="$folder/db" --dbname=wiki --server="http://127.0.0.1:$port" --scriptpath=/w \
    --lang=en --pass='Long-Enough-Pass-42' --confpath="$folder" --skins=Vector "Music Wiki" Admin
  export MW_CONFIG_FILE=$folder/LocalSettings.php
  cat >>"$MW_CONFIG_FILE" <<SETTINGS
\$wgGroupPermissions['*']['edit'] = false;
if ( !is_file( '$folder/no-extracts' ) ) wfLoadExtension( 'TextExtracts' );
\$wgHooks['ApiMaxLagInfo'][] = function ( &\$lag ) {
	if ( is_file( '$folder/lag' ) ) \$lag = [ 'host' => 'db', 'lag' => (float)file_get_contents( '$folder/lag' ), 'type' => 'db' ];
};
if ( PHP_SAPI === 'cli-server' && is_file( '$folder/fault' ) ) {
	http_response_code( (int)file_get_contents( '$folder/fault' ) );
	header( 'Retry-After: 2' );
	echo '<html>';
	exit;
}
SETTINGS
  php $wiki/maintenance/importTextFiles.php --user Admin --summary "Own text" --overwrite "$folder"/texts/*.txt
}

case $what in
  install) install ;;
  serve) exec php -S "127.0.0.1:$port" -t "$folder/root" >"$folder/server.log" 2>&1 ;;
  *) echo "mediawiki.sh: install or serve, not $what" >&2; exit 2 ;;
esac
