package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const certificateLife = 72 * time.Hour

// authority signs the certificates of one control plane.
type authority struct {
	dir    string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	serial int64
}

// makePKI writes to dir: ca.crt; apiserver.{crt,key}; kubelet.{crt,key} (serving),
// apiserver-kubelet-client.{crt,key}; admin.{crt,key} (client, system:masters);
// sa.key (signs ServiceAccount tokens).
func makePKI(dir string) error {
	ca, err := newAuthority(dir)
	if err != nil {
		return err
	}
	loopback := net.IPv4(127, 0, 0, 1)
	server := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for name, template := range map[string]*x509.Certificate{
		"apiserver": {Subject: pkix.Name{CommonName: "kube-apiserver"}, ExtKeyUsage: server,
			DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
			IPAddresses: []net.IP{loopback, net.IPv4(10, 0, 0, 1)}},
		"kubelet":                  {Subject: pkix.Name{CommonName: "kubelet"}, ExtKeyUsage: server, IPAddresses: []net.IP{loopback}},
		"apiserver-kubelet-client": {Subject: pkix.Name{CommonName: "kube-apiserver"}, ExtKeyUsage: client},
		"admin":                    {Subject: pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}}, ExtKeyUsage: client},
	} {
		if err := ca.issue(name, template); err != nil {
			return err
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, "sa.key"), key)
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "testcluster-ca"}, IsCA: true, BasicConstraintsValid: true}
	a := &authority{dir: dir, cert: template, key: key}
	a.complete(template, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	return a, writePEM(filepath.Join(dir, "ca.crt"), "CERTIFICATE", der)
}

func (a *authority) issue(name string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	a.complete(template, x509.KeyUsageDigitalSignature)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(a.dir, name+".crt"), "CERTIFICATE", der); err != nil {
		return err
	}
	return writeKey(filepath.Join(a.dir, name+".key"), key)
}

func (a *authority) complete(template *x509.Certificate, usage x509.KeyUsage) {
	a.serial++
	template.SerialNumber = big.NewInt(a.serial)
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(certificateLife)
	template.KeyUsage = usage
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
