/** Names of /etc/services that stand for one port under every protocol that has them, as every distribution ships them. */
const TEXT = `tcpmux 1 echo 7 discard 9 sink 9 null 9 systat 11 users 11 daytime 13 netstat 15 qotd 17 quote 17 chargen 19
ttytst 19 source 19 ftp-data 20 ftp 21 fsp 21 ssh 22 telnet 23 smtp 25 mail 25 time 37 timserver 37 whois 43 nicname 43 tacacs 49
domain 53 bootps 67 bootpc 68 tftp 69 gopher 70 finger 79 http 80 www 80 kerberos 88 krb5 88 kerberos-sec 88 iso-tsap 102
pop3 110 pop-3 110 sunrpc 111 portmapper 111 auth 113 authentication 113 tap 113 ident 113 nntp 119 readnews 119 untp 119
ntp 123 epmap 135 loc-srv 135 netbios-ns 137 netbios-dgm 138 netbios-ssn 139 imap2 143 imap 143 snmp 161 snmp-trap 162
snmptrap 162 xdmcp 177 bgp 179 irc 194 imap3 220 ldap 389 https 443 microsoft-ds 445 kpasswd 464 submissions 465 saft 487
isakmp 500 exec 512 biff 512 comsat 512 login 513 who 513 whod 513 shell 514 syslog 514 printer 515 spooler 515 talk 517
ntalk 518 route 520 router 520 routed 520 gdomap 538 uucp 540 uucpd 540 klogin 543 kshell 544 krcmd 544 afpovertcp 548
dhcpv6-client 546 dhcpv6-server 547 rtsp 554 nntps 563 snntp 563 submission 587 ipp 631 ldaps 636 domain-s 853 rsync 873
ftps-data 989 ftps 990 telnets 992 imaps 993 pop3s 995 socks 1080 openvpn 1194 rmiregistry 1099 ms-sql-s 1433 ms-sql-m 1434
ingreslock 1524 l2f 1701 l2tp 1701 radius 1812 radius-acct 1813 radacct 1813 nfs 2049 gsiftp 2811 mysql 3306 svn 3690
subversion 3690 epmd 4369 sip 5060 sip-tls 5061 xmpp-client 5222 jabber-client 5222 xmpp-server 5269 jabber-server 5269
mdns 5353 postgresql 5432 postgres 5432 amqps 5671 amqp 5672 x11 6000 x11-0 6000 http-alt 8080 webcache 8080 zabbix-agent 10050
zabbix-trapper 10051`;

let table: Map<string, number> | undefined;

/** Port of a service name; `null` for a name that only the host's /etc/services may know. */
export function servicePort(name: string): number | null {
  if (table === undefined) {
    const words = TEXT.split(/\s+/);
    table = new Map();
    for (let i = 0; i < words.length; i += 2) table.set(words[i] as string, Number(words[i + 1]));
  }
  return table.get(name) ?? null;
}
